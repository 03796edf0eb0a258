"""`python -m results_publisher`."""

from runtime.settings import load

from results_publisher import app
from results_publisher.settings import Settings

if __name__ == "__main__":
    app.run(load(Settings))
