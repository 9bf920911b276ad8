from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Engine, MetaData, create_engine, func, select

from core.crypto import Vault
from core.limits import DatabaseStorage, Limits, rate_limits_table

RULE = "3 per 15 minutes"
KEY = "login:13800000001"


class Watch:
    def __init__(self) -> None:
        self.seconds = 1_000_000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = create_engine(f"sqlite:///{tmp_path}/limits.db")
    metadata = MetaData()
    rate_limits_table(metadata)
    metadata.create_all(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def storage(engine: Engine, watch: Watch) -> DatabaseStorage:
    return DatabaseStorage(engine=engine, now=watch)


@pytest.fixture
def limits(storage: DatabaseStorage, watch: Watch) -> Limits:
    vault = Vault("a secret of the installation")
    return Limits(storage, hashed=lambda key: vault.keyed_hash(key, "limits"), now=watch)


def test_the_third_failure_blocks_a_phone_for_the_rest_of_the_window(limits: Limits, watch: Watch) -> None:
    for _ in range(3):
        assert limits.blocked(RULE, KEY) == 0
        assert limits.hit(RULE, KEY) == 0
    watch.seconds += 60
    assert limits.blocked(RULE, KEY) == 840
    assert limits.hit(RULE, KEY) == 840


def test_after_the_window_the_phone_may_try_again(limits: Limits, watch: Watch) -> None:
    for _ in range(5):
        limits.hit(RULE, KEY)
    watch.seconds += 900
    assert limits.blocked(RULE, KEY) == 0
    assert limits.hit(RULE, KEY) == 0
    assert limits.blocked("1 per 15 minutes", KEY) == 0


def test_asking_counts_nothing(limits: Limits) -> None:
    for _ in range(9):
        assert limits.blocked(RULE, KEY) == 0


def test_one_phone_does_not_block_another_nor_one_rule_another(limits: Limits) -> None:
    for _ in range(4):
        limits.hit(RULE, KEY)
    assert limits.blocked(RULE, "login:13800000002") == 0
    assert limits.blocked("30 per hour", KEY) == 0


def test_a_success_forgets_the_failures(limits: Limits) -> None:
    for _ in range(4):
        limits.hit(RULE, KEY)
    limits.clear(RULE, KEY)
    assert limits.blocked(RULE, KEY) == 0


def test_no_phone_number_is_kept(limits: Limits, engine: Engine) -> None:
    limits.hit(RULE, KEY)
    with engine.connect() as connection:
        stored = str(connection.exec_driver_sql("SELECT key FROM rate_limits").all())
    assert KEY not in stored
    assert "13800000001" not in stored


def test_what_is_over_is_swept_away(storage: DatabaseStorage, engine: Engine, watch: Watch) -> None:
    table = rate_limits_table(MetaData())
    for number in range(5):
        storage.incr(f"key {number}", 30)
    watch.seconds += 700
    storage.incr("last", 30)
    with engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(table)).scalar_one() == 1


def test_eight_threads_lose_no_hit(engine: Engine) -> None:
    storage = DatabaseStorage(engine=lambda: engine)
    with ThreadPoolExecutor(8) as pool:
        counts = list(pool.map(lambda _: storage.incr("door", 60), range(80)))
    assert sorted(counts) == list(range(1, 81))
    assert storage.get("door") == 80


def test_the_storage_tells_whether_its_table_is_there(storage: DatabaseStorage) -> None:
    storage.incr("one", 60)
    assert storage.check()
    assert storage.reset() == 1
    assert storage.get("one") == 0
    assert not DatabaseStorage(engine=create_engine("sqlite://")).check()


def test_an_unknown_key_ends_now(storage: DatabaseStorage, watch: Watch) -> None:
    assert storage.get_expiry("nobody") == watch()
    assert storage.base_exceptions.__name__ == "SQLAlchemyError"
