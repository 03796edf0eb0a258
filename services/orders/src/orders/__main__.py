"""The orders service: `python -m orders`."""

from orders.app import main

if __name__ == "__main__":
    main()
