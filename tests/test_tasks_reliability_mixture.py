"""A small mixture of good and hostile requests: the good ones are right, the hostile ones end."""

from tasks.reliability.mixture import mix, requests


def test_good_requests_among_hostile_ones_are_right() -> None:
    replies = list(mix(40, 8, 0))
    assert {reply.request.kind for reply in replies} == {one.kind for one in requests()}
    assert [reply.request.kind for reply in replies if not reply.right] == []
