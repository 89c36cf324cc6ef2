//! Keys of tables that are numbers of customers: in all tables alike, short ones too, so that joins and foreign keys hold.

use crate::program::Folder;
use crate::support::people::mobile;
use crate::support::servers::{MariaDb, Postgres};

/// From four digits to five, as a shop that grows has them, and from five to six.
const KEYS: [std::ops::Range<u32>; 2] = [9_950..10_250, 99_900..100_100];

fn rows(of: impl Fn(usize, u32) -> String) -> String {
    KEYS.into_iter().flatten().enumerate().map(|(at, key)| of(at, key)).collect::<Vec<_>>().join(",\n")
}

fn filled(serial: &str) -> String {
    format!(
        "CREATE TABLE customers (id {serial} PRIMARY KEY, shop varchar(20));\n\
         CREATE TABLE orders (id bigint NOT NULL, customer_id integer, mobile varchar(11), quantity integer,\n  \
         FOREIGN KEY (customer_id) REFERENCES customers (id));\n\
         INSERT INTO customers VALUES {};\nINSERT INTO orders VALUES {};\n",
        rows(|at, key| format!("({key}, 'shop {at}')")),
        rows(|at, key| format!("({at}, {key}, '{}', {})", mobile(at as u64), at % 9 + 1)),
    )
}

/// What holds before and after: orders with their shops, and how many keys there are.
const JOINED: &str = "SELECT count(*), sum(orders.quantity), count(DISTINCT customers.id), min(length(customers.id)) \
                      FROM orders JOIN customers ON customers.id = orders.customer_id \
                      WHERE shop = concat('shop ', orders.id);";
/// How many customers of five digits have their old number.
const STAYED: &str = "SELECT count(*) FROM customers \
                      WHERE id >= 10000 AND id = CAST(substr(shop, 6) AS decimal) + 9950;";

fn rewritten(dump: &[u8]) -> Folder {
    let folder = Folder::with_key();
    folder.write("in.sql", dump);
    folder.tuomin(&["deidentify", "in.sql", "-o", "out.sql", "--key-file", "k"]).expect(0);
    folder
}

#[test]
fn a_dump_of_postgres_with_short_keys_loads_and_joins() {
    let Some(server) = Postgres::start() else { return };
    server.run("postgres", b"CREATE DATABASE shop;");
    server.run("postgres", b"CREATE DATABASE copy;");
    server.run("shop", filled("serial").as_bytes());
    let joined = JOINED.replace("length(customers.id)", "length(customers.id::text)");
    let before = server.run("shop", joined.as_bytes());
    assert_eq!(before, "500|2490|500|4\n");
    let folder = rewritten(&server.dump("shop", &[]));
    let mut loader = server.loader("copy");
    loader.stdin(std::fs::File::open(folder.path("out.sql")).unwrap());
    assert!(loader.status().unwrap().success());
    assert_eq!(server.run("copy", joined.as_bytes()), before);
    assert_eq!(server.run("copy", STAYED.as_bytes()), "0\n");
}

#[test]
fn a_dump_of_mariadb_with_short_keys_loads_and_joins() {
    let Some(server) = MariaDb::start() else { return };
    server.run("", b"CREATE DATABASE shop CHARACTER SET utf8mb4; CREATE DATABASE copy CHARACTER SET utf8mb4;");
    server.run("shop", filled("integer AUTO_INCREMENT").as_bytes());
    let before = server.run("shop", JOINED.as_bytes());
    assert_eq!(before, "500\t2490\t500\t4\n");
    let folder = rewritten(&server.dump("shop", &[]));
    let mut loader = server.loader("copy");
    loader.stdin(std::fs::File::open(folder.path("out.sql")).unwrap());
    assert!(loader.status().unwrap().success());
    assert_eq!(server.run("copy", JOINED.as_bytes()), before);
    assert_eq!(server.run("copy", STAYED.as_bytes()), "0\n");
}
