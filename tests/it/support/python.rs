//! Programs in Python that read what was written: with packages that are not part of it.

use std::path::Path;
use std::process::Command;

use super::servers::REQUIRED;

/// The python that can import `modules` (`a, b`); `None`, with a printed reason, where there is none.
pub(crate) fn python(modules: &str) -> Option<String> {
    let python = std::env::var("TUOMIN_TEST_PYTHON").unwrap_or_else(|_| "python3".into());
    let found = Command::new(&python).args(["-c", &format!("import {modules}")]).output();
    if found.is_ok_and(|output| output.status.success()) {
        return Some(python);
    }
    assert!(std::env::var_os(REQUIRED).is_none(), "{python} cannot import {modules}");
    println!("skipped: {python} cannot import {modules}");
    None
}

/// Runs `script`, which stands beside the tests and needs `modules`: `command`, then `folder`, then the rest. `None` when
/// there is no python for it.
pub(crate) fn peer(script: &str, modules: &str, folder: &Path, arguments: &[&str]) -> Option<()> {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it").join(script);
    let (command, rest) = arguments.split_first().unwrap();
    let output = Command::new(python(modules)?).arg(place).arg(command).arg(folder).args(rest).output().unwrap();
    println!("{}", String::from_utf8_lossy(&output.stdout));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(())
}
