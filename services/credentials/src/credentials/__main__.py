"""The credentials service: `python -m credentials`."""

from credentials.app import main

if __name__ == "__main__":
    main()
