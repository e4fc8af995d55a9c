"""Numbers that go on over restarts."""

from delivery.counter import Counter


class Store:
    """What a memory keeps, and how often it was written."""

    def __init__(self, text=None):
        self.text = text
        self.writes = 0

    def get(self, key):
        assert key == "seq"
        return self.text

    def put(self, key, text):
        assert key == "seq"
        self.text = text
        self.writes += 1


def test_numbers_begin_at_0_and_follow_each_other():
    counter = Counter(Store(), "seq")
    assert [counter.next() for _ in range(130)] == list(range(130))


def test_the_upcoming_number_is_the_next_one_and_looking_costs_nothing():
    store = Store("128")
    counter = Counter(store, "seq")
    assert counter.upcoming == counter.upcoming == 128 and store.writes == 0
    assert counter.next() == 128 and counter.upcoming == 129


def test_the_flash_is_written_once_for_64():
    store = Store()
    counter = Counter(store, "seq")
    assert store.writes == 0
    for count, writes in ((1, 1), (63, 1), (1, 2), (63, 2), (1, 3)):
        for _ in range(count):
            counter.next()
        assert store.writes == writes


def test_no_number_comes_again_after_a_restart():
    store = Store()
    last = -1
    for count in (1, 64, 65, 128, 3):
        counter = Counter(store, "seq")
        for _ in range(count):
            number = counter.next()
            assert number > last
            last = number
    assert last < 64 * 12


def test_a_number_is_kept_before_it_is_given():
    store = Store()
    counter = Counter(store, "seq")
    for _ in range(200):
        assert counter.next() < int(store.text)


def test_what_was_lost_or_damaged_begins_anew():
    for text in (None, "", "x", "-5", "1.5"):
        assert Counter(Store(text), "seq").next() == 0, text
    assert Counter(Store("640"), "seq").next() == 640
