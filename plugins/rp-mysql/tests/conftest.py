"""Two real servers: the one that is lost, and the one that is built in its place."""

from collections.abc import Iterator

import pytest

from .mariadb import MariaDb, running


@pytest.fixture(scope="session")
def _two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[MariaDb, MariaDb]]:
    with running(tmp_path_factory.mktemp("old")) as old, running(tmp_path_factory.mktemp("new")) as new:
        yield old, new


@pytest.fixture
def old(_two: tuple[MariaDb, MariaDb]) -> MariaDb:
    """The server of before, with two databases and two accounts."""
    return populated(_two[0].emptied())


@pytest.fixture
def new(_two: tuple[MariaDb, MariaDb]) -> MariaDb:
    """An empty server."""
    return _two[1].emptied()


def populated(server: MariaDb) -> MariaDb:
    """What tenants have: tables, odd bytes and names, a view, a routine, a trigger, an event, rights."""
    server.say(
        "CREATE DATABASE erp CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci",
        "CREATE DATABASE `crm-2.ö` CHARACTER SET latin1",
        "USE erp",
        "CREATE TABLE orders (id INT PRIMARY KEY AUTO_INCREMENT, what VARCHAR(80), scan BLOB) ENGINE=InnoDB",
        "INSERT INTO orders (what, scan) VALUES ('bolts; \\\\! ls', X'0d0a001aff27225c'), ('nüts', NULL), (NULL, '')",
        "CREATE TABLE `odd ``name` (day DATE, price DECIMAL(12, 4))",
        "INSERT INTO `odd ``name` VALUES ('2026-11-23', 12.5)",
        "CREATE TABLE nothing (id INT)",
        "CREATE TABLE log (id INT)",
        "CREATE VIEW open_orders AS SELECT id, what FROM orders WHERE what IS NOT NULL",
        "CREATE FUNCTION twice(x INT) RETURNS INT DETERMINISTIC RETURN x * 2",
        "CREATE PROCEDURE clear_log() BEGIN DELETE FROM log; SELECT 'done;'; END",
        "CREATE TRIGGER ordered AFTER INSERT ON orders FOR EACH ROW INSERT INTO log VALUES (NEW.id)",
        "CREATE EVENT nightly ON SCHEDULE EVERY 1 DAY DO DELETE FROM log",
        "CREATE TABLE `crm-2.ö`.people (id INT PRIMARY KEY, name VARCHAR(20))",
        "INSERT INTO `crm-2.ö`.people VALUES (1, 'Zoë')",
        "CREATE USER 'erp-app'@'%' IDENTIFIED BY 'tenants own'",
        "GRANT ALL ON erp.* TO 'erp-app'@'%'",
        "GRANT EXECUTE ON FUNCTION erp.twice TO 'erp-app'@'%'",
        "CREATE USER 'o''hara'@'10.%' IDENTIFIED BY 'x'",
    )
    return server
