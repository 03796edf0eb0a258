"""`python -m reference_engine`."""

from reference_engine.app import main

if __name__ == "__main__":
    main()
