"""orders-insights: `python -m orders.insights`."""

from orders.insights.app import main

if __name__ == "__main__":
    main()
