//! Values of domains within others, in fields of composite types and in lists: held to the CHECKs of their domains as columns
//! are, and loaded into a real PostgreSQL.

use crate::constraints::assert_verdict;
use crate::plan::plan_and_run;
use crate::program::Folder;
use crate::support::people::mobile;
use crate::support::servers::Postgres;

const TYPES: &str = "CREATE DOMAIN free AS text CONSTRAINT at_most CHECK (length(VALUE) <= 20); \
    CREATE DOMAIN bound AS text CONSTRAINT eleven CHECK (VALUE ~ '^1[0-9]{10}$'); \
    CREATE TYPE of_free AS (value text, phone free, phones free[]); \
    CREATE TYPE of_bound AS (value text, phone bound, phones bound[]);";

#[test]
fn domains_are_held_to_their_checks_in_fields_and_lists() {
    let Some(server) = Postgres::start() else { return };
    let folder = Folder::with_key();
    server.run("postgres", TYPES.as_bytes());
    let mut copies = 0;
    for (kind, value, column) in [
        ("of_D", "ROW('a', m, NULL)::of_D", "x.phone"),
        ("of_D", "ROW('a', NULL, ARRAY[m, NULL])::of_D", "x.phones"),
        ("of_D[]", "ARRAY[ROW('a', m, NULL)::of_D, NULL]", "x.phone"),
        ("of_D[]", "ARRAY[ROW('a', NULL, ARRAY[m])::of_D]", "x.phones"),
        ("D[]", "ARRAY[m, NULL]", "x"),
        ("D", "m", "x"),
    ] {
        // A token has 20 characters; fpe keeps the form of a number.
        for (domain, operator, refused) in [("free", "hash", false), ("bound", "fpe", false), ("bound", "hash", true)] {
            let [kind, value] = [kind, value].map(|text| text.replace('D', domain));
            let sql = format!(
                "DROP TABLE IF EXISTS held; CREATE TABLE held (x {kind}); \
                 INSERT INTO held SELECT {value} FROM (VALUES ('{}'), ('{}')) v (m);",
                mobile(1),
                mobile(2)
            );
            server.run("postgres", sql.as_bytes());
            for options in [&[][..], &["--inserts"]] {
                folder.write("in", server.dump("postgres", options));
                let (plan, _) = plan_and_run(&folder, "in", operator, if refused { 2 } else { 0 });
                let place = ("public.held", column);
                println!("{kind} {operator} {options:?}");
                if refused {
                    assert_verdict(&plan, place, "refused", "CHECK eleven");
                    continue;
                }
                assert_verdict(&plan, place, "fits", "");
                copies += 1;
                server.run("postgres", format!("CREATE DATABASE copy_{copies};").as_bytes());
                server.run(&format!("copy_{copies}"), &folder.read("out"));
                assert_eq!(server.run(&format!("copy_{copies}"), b"SELECT count(x) FROM held;"), "2\n");
            }
        }
    }
}
