//! Opens a database that nobody vouches for, without ever writing to, locking or leaving anything beside the original.
//!
//! To be read, a file is opened where it is with `immutable=1`: SQLite then takes no lock, plays back no journal and
//! makes no file beside it. That is safe where the path leads to the very file that was handed over, before and after,
//! no journal stands beside it, and whoever drives this holds the file's size and times against those of its opening
//! at the end, as the pipeline does. Otherwise (a pipe, an unpacked file, a member of an archive), and whenever the
//! database is to be changed, a private copy is made, which loses its name as soon as it is open.

use std::fs::{self, File};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{Connection, OpenFlags};

use super::beside::{leads_to, path_of, refuse_journals};
use super::failure::{damaged, failure};
use super::header::{Header, JOURNAL_VERSIONS, ROLLBACK};
use super::patience::Patience;
use crate::error::DataError;
use crate::temporary::PrivateFolder;

/// Bytes that SQLite may keep of pages, in KiB as the pragma wants them: to read, to change.
const READ_CACHE: i64 = -4096;
const CHANGE_CACHE: i64 = -32_768;

/// An opened database.
pub(super) struct Database {
    pub(super) connection: Connection,
    pub(super) header: Header,
    pub(super) patience: Patience,
    /// Where the private copy is.
    folder: Option<PrivateFolder>,
}

impl Database {
    /// Opens `file` to be read. No value or row in it may be longer than `longest` bytes.
    ///
    /// # Errors
    /// When it is no whole database, or part of it stands beside it.
    pub(super) fn open(file: &File, longest: u64) -> Result<Database, DataError> {
        let (header, path) = examine(file)?;
        if let Some(path) = path {
            let connection = immutable(&path, longest)?;
            if leads_to(&path, file) {
                return Database::new(connection, header, file, None)?.whole();
            }
        }
        let folder = PrivateFolder::new()?;
        let copy = folder.path().join("copy.db");
        copy_to(file, &copy)?;
        let connection = immutable(&copy, longest)?;
        forget_name(&copy);
        Database::new(connection, header, file, Some(folder))?.whole()
    }

    /// Makes a private copy of `file` that can be changed.
    ///
    /// # Errors
    /// As [`Database::open`].
    pub(super) fn copy(file: &File, longest: u64) -> Result<Database, DataError> {
        let (header, _) = examine(file)?;
        let folder = PrivateFolder::new()?;
        let path = folder.path().join("copy.db");
        let mut copy = copy_to(file, &path)?;
        // A log would be made beside the copy.
        copy.seek(SeekFrom::Start(JOURNAL_VERSIONS))?;
        copy.write_all(&[ROLLBACK; 2])?;
        drop(copy);
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&path, flags).map_err(|error| failure(&error))?;
        // Whatever fails, the copy is thrown away: nothing needs to be undone. Before the connection is on its guard,
        // which forbids this.
        let unguarded = "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE;";
        connection.execute_batch(unguarded).map_err(|error| failure(&error))?;
        guard(&connection, longest, CHANGE_CACHE).map_err(|error| failure(&error))?;
        // Opened by now: the file is read for its header at the latest with the pragmas above.
        forget_name(&path);
        Database::new(connection, header, file, Some(folder))?.whole()
    }

    /// Opens a database that was written here.
    ///
    /// # Errors
    /// When it is no whole database.
    pub(super) fn written(path: &Path, longest: u64) -> Result<Database, DataError> {
        let file = File::open(path)?;
        let header = Header::read(&file)?;
        Database::new(immutable(path, longest)?, header, &file, None)
    }

    fn new(
        mut connection: Connection,
        header: Header,
        file: &File,
        folder: Option<PrivateFolder>,
    ) -> Result<Database, DataError> {
        let patience = Patience::with(&mut connection, file).map_err(|error| failure(&error))?;
        patience.renew();
        Ok(Database { connection, header, patience, folder })
    }

    /// The folder of the private copy.
    pub(super) fn folder(&self) -> Option<&Path> {
        self.folder.as_ref().map(PrivateFolder::path)
    }

    /// Makes sure that every page of the database is where it should be: of a tree with a damaged branch, SQLite reads
    /// what it can reach, and a branch that leads back to an earlier one never ends.
    fn whole(self) -> Result<Database, DataError> {
        let connection = &self.connection;
        let check = |of: &str| {
            connection.query_row(&format!("PRAGMA main.quick_check({of})"), (), |row| row.get::<_, String>(0))
        };
        let verdict = match check("1") {
            Ok(verdict) => verdict,
            // A virtual table that cannot be opened here keeps the whole from being checked at once.
            Err(error) if is_logic_error(&error) => {
                let mut worst = String::new();
                for table in ordinary_tables(connection).map_err(|error| failure(&error))? {
                    let verdict = check(&super::schema::quoted(&table)).map_err(|error| failure(&error))?;
                    if verdict.starts_with("***") {
                        worst = verdict;
                    }
                }
                worst
            }
            Err(error) => return Err(failure(&error)),
        };
        // Values that break a constraint, and indexes that lack a row, do not keep the rows from being read.
        if verdict.starts_with("***") { Err(damaged("its pages do not fit together")) } else { Ok(self) }
    }
}

fn is_logic_error(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(rusqlite::ErrorCode::Unknown)
}

fn ordinary_tables(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let sql = "SELECT name FROM main.sqlite_schema WHERE type = 'table' AND rootpage > 0";
    connection.prepare(sql)?.query_map((), |row| row.get(0))?.collect()
}

/// What can be said of a file before it is opened; also its path, where it can be opened by that.
fn examine(file: &File) -> Result<(Header, Option<std::path::PathBuf>), DataError> {
    let header = Header::read(file)?;
    let path = path_of(file);
    if let Some(path) = &path {
        refuse_journals(path)?;
    } else if header.is_wal() && cfg!(not(any(target_os = "linux", target_vendor = "apple"))) {
        return Err(DataError::new("the database has a write-ahead log, which cannot be looked for on this system")
            .advise("switch it off with PRAGMA journal_mode = DELETE in a copy"));
    }
    Ok((header, path))
}

/// A connection that reads the file at `path` and touches nothing.
fn immutable(path: &Path, longest: u64) -> Result<Connection, DataError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_URI
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let path = fs::canonicalize(path.parent().unwrap_or(path))?.join(path.file_name().unwrap_or_default());
    let connection = Connection::open_with_flags(uri(&path), flags).map_err(|error| failure(&error))?;
    guard(&connection, longest, READ_CACHE).map_err(|error| failure(&error))?;
    // What an index is sorted by does not matter to who reads the tables only.
    let any_order = |connection: &Connection, name: &str| connection.create_collation(name, str::cmp);
    connection.collation_needed(any_order).map_err(|error| failure(&error))?;
    // Reads the first page, so that the file is open from here on.
    connection.query_row("PRAGMA main.schema_version", (), |_| Ok(())).map_err(|error| failure(&error))?;
    Ok(connection)
}

/// `file:…?immutable=1`, with all that means something in it written as `%xx`.
fn uri(path: &Path) -> String {
    use std::fmt::Write;
    let mut uri = String::from("file:");
    for byte in path.as_os_str().as_encoded_bytes() {
        if byte.is_ascii_alphanumeric() || b"/.-_".contains(byte) {
            uri.push(char::from(*byte));
        } else {
            // Writing to a String does not fail.
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri + "?immutable=1"
}

/// Puts the connection on its guard against what a schema or a page may say.
fn guard(connection: &Connection, longest: u64, cache: i64) -> rusqlite::Result<()> {
    for (option, on) in [
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
        (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER, false),
        (DbConfig::SQLITE_DBCONFIG_WRITABLE_SCHEMA, false),
        // A quoted name that is none must not be taken for a string.
        (DbConfig::SQLITE_DBCONFIG_DQS_DML, false),
    ] {
        connection.set_db_config(option, on)?;
    }
    let longest = i32::try_from(longest).unwrap_or(i32::MAX);
    for (limit, most) in [
        (Limit::SQLITE_LIMIT_LENGTH, longest),
        (Limit::SQLITE_LIMIT_SQL_LENGTH, 16 << 20),
        (Limit::SQLITE_LIMIT_ATTACHED, 1),
        (Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1000),
        (Limit::SQLITE_LIMIT_WORKER_THREADS, 0),
    ] {
        connection.set_limit(limit, most)?;
    }
    connection.execute_batch(&format!(
        "PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0; PRAGMA temp_store = FILE; PRAGMA cache_size = {cache};
         PRAGMA ignore_check_constraints = ON;"
    ))
}

/// Copies the whole of `file`; the copy is as long as the file was.
fn copy_to(mut file: &File, path: &Path) -> Result<File, DataError> {
    file.seek(SeekFrom::Start(0))?;
    let mut copy = File::options().write(true).create_new(true).open(path)?;
    let copied = io::copy(&mut file, &mut copy)?;
    if copied != file.metadata()?.len() {
        return Err(DataError::new("it was changed while it was read").advise("run again when nothing writes to it"));
    }
    Ok(copy)
}

/// Takes the name from an open file: nothing is left of it however the run ends. Where the system does not allow that,
/// the folder goes with its owner.
fn forget_name(path: &Path) {
    let _ = fs::remove_file(path);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_can_be_said_as_a_uri() {
        assert_eq!(uri(Path::new("/a/b c?d#e%f.db")), "file:/a/b%20c%3Fd%23e%25f.db?immutable=1");
        assert_eq!(uri(Path::new("/数")), "file:/%E6%95%B0?immutable=1");
    }
}
