"""No door is left out of the walk: one that is added has to say what stands in its address."""

from tests.tenancy.doors import TELL, in_path, operations, ours
from tests.tenancy.routes import NAMED, OF_API, OF_OPERATION, PLAIN


def test_every_route_says_what_stands_in_its_address():
    unknown = {one.name or one.pattern: sorted(one.parameters) for one in ours() if one.known is None}
    assert not unknown, TELL


def test_every_operation_of_the_api_says_what_stands_in_its_address():
    known = {name: OF_API | OF_OPERATION.get(name, {}) for name in operations()}
    unknown = {
        name: [one for one in in_path(said) if one not in known[name]]
        for name, said in operations().items()
        if set(in_path(said)) - known[name].keys()
    }
    assert not unknown, TELL


def test_no_route_or_operation_is_described_that_is_gone():
    there = {one.name for one in ours()}
    assert NAMED.keys() | PLAIN <= there
    assert OF_OPERATION.keys() <= operations().keys()
