//! Private database servers in temporary folders, on Unix sockets only; each is stopped, by its process id, when
//! its guard is dropped.

use std::io::Write;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Set to make a missing server a failure.
pub(crate) const REQUIRED: &str = "TUOMIN_TEST_REQUIRE_SERVERS";

/// Says why a test cannot run, or fails where servers are required.
fn missing<T>(what: &str) -> Option<T> {
    assert!(std::env::var_os(REQUIRED).is_none(), "{what} is not installed, and {REQUIRED} is set");
    println!("skipped: {what} is not installed");
    None
}

/// The first of `names` in the usual folders.
fn program(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/bin".into()]);
    folders.flat_map(|folder| names.iter().map(move |name| folder.join(name))).find(|file| file.is_file())
}

/// The newest installed PostgreSQL's program folder.
fn postgres_folder() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    let mut folders: Vec<PathBuf> = versions.flatten().map(|entry| entry.path().join("bin")).collect();
    folders.retain(|folder| folder.join("initdb").is_file() && folder.join("pg_dump").is_file());
    folders.sort();
    folders.pop()
}

/// Who runs the server: the tests' own user, or an unprivileged one when that is root.
struct Account(Option<(u32, u32)>);

impl Account {
    fn find(names: &[&str]) -> Account {
        let id = |arguments: &[&str]| {
            let output = Command::new("id").args(arguments).output().ok().filter(|output| output.status.success())?;
            String::from_utf8(output.stdout).ok()?.trim().parse::<u32>().ok()
        };
        if id(&["-u"]) != Some(0) {
            return Account(None);
        }
        Account(names.iter().find_map(|name| Some((id(&["-u", name])?, id(&["-g", name])?))))
    }

    fn command(&self, program: &Path) -> Command {
        let Some((user, group)) = self.0 else { return Command::new(program) };
        let mut command = Command::new("setpriv");
        command.args([format!("--reuid={user}"), format!("--regid={group}"), "--clear-groups".to_owned()]);
        command.arg(program);
        command
    }

    fn own(&self, folder: &Path) {
        if let Some((user, group)) = self.0 {
            chown(folder, Some(user), Some(group)).expect("the folder changes hands");
        }
    }
}

/// A running server.
struct Server {
    child: Child,
    folder: tempfile::TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both servers stop at once on TERM or INT; by the id of the process that this test started.
        let _ = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status();
        let _ = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        let until = Instant::now() + Duration::from_secs(20);
        while Instant::now() < until {
            if matches!(self.child.try_wait(), Ok(Some(_)) | Err(_)) {
                return;
            }
            sleep(Duration::from_millis(50));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn succeed(command: &mut Command) -> Vec<u8> {
    let output = command.output().expect("the program starts");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn feed(command: &mut Command, input: &[u8]) -> Vec<u8> {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    let input = input.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().expect("it ends");
    let _ = writer.join();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// Connects the commands by pipes and runs them; all must succeed.
pub(crate) fn pipe(commands: Vec<Command>) {
    let mut children: Vec<(String, Child)> = Vec::new();
    let mut last = commands.len();
    for mut command in commands {
        last -= 1;
        if let Some((_, before)) = children.last_mut() {
            command.stdin(before.stdout.take().expect("a pipe"));
        }
        let shown = format!("{command:?}");
        let output = if last == 0 { Stdio::null() } else { Stdio::piped() };
        children.push((shown, command.stdout(output).spawn().expect("it starts")));
    }
    for (shown, mut child) in children {
        let status = child.wait().expect("it ends");
        assert!(status.success(), "{shown}: {status}");
    }
}

fn wait_until(child: &mut Child, log: &Path, ready: impl Fn() -> bool) {
    let until = Instant::now() + Duration::from_secs(60);
    while !ready() {
        let ended = child.try_wait().expect("its state").is_some();
        let log = || std::fs::read_to_string(log).unwrap_or_default();
        assert!(!ended && Instant::now() < until, "the server does not start: {}", log());
        sleep(Duration::from_millis(100));
    }
}

/// A private PostgreSQL.
pub(crate) struct Postgres {
    server: Server,
    programs: PathBuf,
}

impl Postgres {
    /// Starts one; `None` when none is installed.
    pub(crate) fn start() -> Option<Postgres> {
        let Some(programs) = postgres_folder() else { return missing("PostgreSQL") };
        let folder = tempfile::Builder::new().prefix("tuomin-pg").tempdir().expect("a folder");
        let account = Account::find(&["postgres", "nobody"]);
        account.own(folder.path());
        let (data, log) = (folder.path().join("data"), folder.path().join("log"));
        let mut initdb = account.command(&programs.join("initdb"));
        initdb.args(["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", "-D"]).arg(&data);
        succeed(initdb.current_dir(folder.path()));
        let mut command = account.command(&programs.join("postgres"));
        command.arg("-D").arg(&data).arg("-k").arg(folder.path());
        command.args(["-c", "listen_addresses=", "-c", "fsync=off", "-c", "shared_buffers=16MB"]);
        command.stdout(Stdio::null()).stderr(std::fs::File::create(&log).expect("a log"));
        let child = command.current_dir(folder.path()).spawn().expect("the server starts");
        let mut postgres = Postgres { server: Server { child, folder }, programs };
        let mut probe = postgres.client("pg_isready");
        probe.stdout(Stdio::null()).stderr(Stdio::null());
        let probe = std::cell::RefCell::new(probe);
        wait_until(&mut postgres.server.child, &log, || {
            probe.borrow_mut().status().is_ok_and(|status| status.success())
        });
        Some(postgres)
    }

    /// Starts one with a database in which `scripts` have run.
    pub(crate) fn with_database(database: &str, scripts: &[&str]) -> Option<Postgres> {
        let server = Postgres::start()?;
        server.run("postgres", format!("CREATE DATABASE {database};").as_bytes());
        scripts.iter().for_each(|script| drop(server.run(database, script.as_bytes())));
        Some(server)
    }

    fn client(&self, name: &str) -> Command {
        self.client_of(&self.programs, name)
    }

    /// A client program of another installation.
    pub(crate) fn client_of(&self, programs: &Path, name: &str) -> Command {
        let mut command = Command::new(programs.join(name));
        command.arg("-h").arg(self.server.folder.path()).args(["-U", "postgres"]);
        command
    }

    /// Runs SQL in `database`, stops at the first error, gives the output unaligned.
    pub(crate) fn run(&self, database: &str, sql: &[u8]) -> String {
        let mut psql = self.client("psql");
        psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", database, "-f", "-"]);
        String::from_utf8(feed(&mut psql, sql)).expect("UTF-8")
    }

    /// `psql` that reads SQL from its standard input in one transaction and stops at the first error.
    pub(crate) fn loader(&self, database: &str) -> Command {
        let mut psql = self.client("psql");
        psql.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "--single-transaction", "-d", database, "-f", "-"]);
        psql
    }

    /// `pg_dump` of a database.
    pub(crate) fn dumper(&self, database: &str) -> Command {
        let mut command = self.client("pg_dump");
        command.arg(database);
        command
    }

    /// `pg_restore`, from or to wherever its arguments say.
    pub(crate) fn restorer(&self) -> Command {
        self.client("pg_restore")
    }

    /// What `pg_dump` writes.
    pub(crate) fn dump(&self, database: &str, options: &[&str]) -> Vec<u8> {
        succeed(self.client("pg_dump").args(options).arg(database))
    }
}

/// A private MariaDB.
pub(crate) struct MariaDb {
    server: Server,
    client: PathBuf,
    dump: PathBuf,
}

impl MariaDb {
    /// Starts one; `None` when none is installed.
    pub(crate) fn start() -> Option<MariaDb> {
        let found = (
            program(&["mariadbd"]),
            program(&["mariadb-install-db"]),
            program(&["mariadb"]),
            program(&["mariadb-dump"]),
        );
        let (Some(daemon), Some(install), Some(client), Some(dump)) = found else { return missing("MariaDB") };
        let folder = tempfile::Builder::new().prefix("tuomin-my").tempdir().expect("a folder");
        let account = Account::find(&["mysql", "nobody"]);
        account.own(folder.path());
        let (data, log) = (folder.path().join("data"), folder.path().join("log"));
        let mut command = account.command(&install);
        command.args(["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"]);
        // Temporary tables of two servers in one folder remove each other.
        let own_folder = format!("--tmpdir={}", folder.path().display());
        command.arg(format!("--datadir={}", data.display())).arg(&own_folder);
        succeed(command.current_dir(folder.path()));
        let socket = folder.path().join("socket");
        let mut command = account.command(&daemon);
        command.args([
            "--no-defaults",
            &own_folder,
            "--skip-networking",
            "--skip-log-bin",
            "--innodb-flush-log-at-trx-commit=0",
        ]);
        command.args(["--innodb-buffer-pool-size=16M", "--character-set-server=utf8mb4"]);
        for (option, file) in [("datadir", &data), ("socket", &socket), ("pid-file", &folder.path().join("pid"))] {
            command.arg(format!("--{option}={}", file.display()));
        }
        command.stdout(Stdio::null()).stderr(std::fs::File::create(&log).expect("a log"));
        let child = command.current_dir(folder.path()).spawn().expect("the server starts");
        let mut mariadb = MariaDb { server: Server { child, folder }, client, dump };
        let probe = std::cell::RefCell::new(mariadb.command(&mariadb.client));
        probe.borrow_mut().args(["-e", "SELECT 1"]).stdout(Stdio::null()).stderr(Stdio::null());
        wait_until(&mut mariadb.server.child, &log, || {
            probe.borrow_mut().status().is_ok_and(|status| status.success())
        });
        Some(mariadb)
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.args(["--no-defaults", "-uroot", "--default-character-set=utf8mb4"]);
        command.arg(format!("--socket={}", self.server.folder.path().join("socket").display()));
        command
    }

    /// Runs SQL, in `database` unless that is empty; gives the output as tab-separated lines.
    pub(crate) fn run(&self, database: &str, sql: &[u8]) -> String {
        let mut command = self.command(&self.client);
        command.args(["--batch", "--skip-column-names", "--binary-mode", "--local-infile=1"]);
        if !database.is_empty() {
            command.arg(database);
        }
        String::from_utf8(feed(&mut command, sql)).expect("UTF-8")
    }

    /// `mariadb` that reads SQL from its standard input and stops at the first error.
    pub(crate) fn loader(&self, database: &str) -> Command {
        let mut command = self.command(&self.client);
        command.args(["--binary-mode", database]);
        command
    }

    /// `mariadb-dump` of a database.
    pub(crate) fn dumper(&self, database: &str) -> Command {
        let mut command = self.command(&self.dump);
        command.arg(database);
        command
    }

    /// What `mariadb-dump` writes.
    pub(crate) fn dump(&self, database: &str, options: &[&str]) -> Vec<u8> {
        succeed(self.command(&self.dump).args(options).arg(database))
    }

    /// What `mariadb-dump` writes of one table.
    pub(crate) fn dump_table(&self, database: &str, table: &str, options: &[&str]) -> Vec<u8> {
        succeed(self.command(&self.dump).args(options).args([database, table]))
    }

    /// The rows of a table that `mariadb-dump --tab` lets the server write.
    pub(crate) fn tab_separated(&self, database: &str, table: &str) -> Vec<u8> {
        let folder = self.server.folder.path();
        succeed(self.command(&self.dump).arg(format!("--tab={}", folder.display())).args([database, table]));
        std::fs::read(folder.join(format!("{table}.txt"))).expect("the rows")
    }
}
