"""What two services may do with one credential stays within what SmartRecruiters allows it (ADR 9)."""

from orders.settings import Settings as Orders
from results_publisher.settings import Settings as ResultsPublisher


def test_the_shares_of_both_are_no_more_than_the_limit() -> None:
    orders, publisher = Orders.model_fields, ResultsPublisher.model_fields
    per_second = (
        orders["orders_smartrecruiters_per_second"].default
        + publisher["results_publisher_requests_per_second"].default
    )
    in_flight = (
        orders["orders_smartrecruiters_in_flight"].default + publisher["results_publisher_in_flight"].default
    )
    assert per_second <= 10
    assert in_flight <= 8
