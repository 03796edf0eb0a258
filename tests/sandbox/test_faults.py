from sandbox.domain.faults import Fault, FaultBook


def book(*faults: Fault, chance: float = 0.0) -> FaultBook:
    made = FaultBook(lambda: chance)
    made.replace(faults)
    return made


def test_a_fault_is_for_its_call_and_company() -> None:
    faults = book(Fault(call="result_patch", company_id="acme", kind="drop"))
    assert [fault.kind for fault in faults.take("result_patch", "acme")] == ["drop"]
    assert faults.take("result_patch", "globex") == []
    assert faults.take("result_patch", None) == []
    assert faults.take("attachment", "acme") == []


def test_times_are_counted_and_then_it_is_over() -> None:
    faults = book(Fault(kind="status", times=2))
    assert [len(faults.take("job", "acme")) for _ in range(3)] == [1, 1, 0]
    assert faults.listed() == []


def test_of_two_equal_faults_one_is_used_up_at_a_time() -> None:
    faults = book(Fault(kind="drop", times=1), Fault(kind="drop", times=1))
    assert [len(faults.take("job", None)) for _ in range(3)] == [1, 1, 0]


def test_latency_goes_together_with_one_other() -> None:
    faults = book(Fault(kind="latency"), Fault(kind="status"), Fault(kind="drop"), Fault(kind="latency"))
    assert [fault.kind for fault in faults.take("job", None)] == ["latency", "status", "latency"]


def test_probability_is_asked_of_the_chance_passed_in() -> None:
    fault = Fault(kind="drop", probability=0.5)
    assert book(fault, chance=0.49).take("job", None)
    assert not book(fault, chance=0.5).take("job", None)


def test_what_was_given_is_not_counted_down() -> None:
    fault = Fault(kind="drop", times=1)
    book(fault).take("job", None)
    assert fault.times == 1
