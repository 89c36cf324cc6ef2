//! The progress bar: on a terminal's standard error only, and never in the way of errors.

use std::io::IsTerminal as _;
use std::sync::Arc;

use indicatif::{ProgressBar, ProgressStyle};

use super::arguments::Common;
use crate::pipeline::{Observer, Silent};

/// Shows bytes, rate, time left and assets done.
struct Bar {
    bar: ProgressBar,
    assets: u64,
    done: std::sync::atomic::AtomicU64,
}

impl Observer for Bar {
    fn bytes(&self, count: u64) {
        self.bar.inc(count);
    }

    fn asset(&self) {
        let done = self.done.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
        self.bar.set_message(format!("{done}/{} files", self.assets));
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// An observer that shows a bar where there is somebody to look at it. `bytes` is unknown when a stream is read.
pub(super) fn observer(common: &Common, assets: u64, bytes: Option<u64>) -> Arc<dyn Observer> {
    if common.quiet || common.no_progress || !std::io::stderr().is_terminal() {
        return Arc::new(Silent);
    }
    let bar = match bytes {
        Some(bytes) => ProgressBar::new(bytes),
        None => ProgressBar::new_spinner(),
    };
    let template = match bytes {
        Some(_) => "{bar:30} {bytes}/{total_bytes} {bytes_per_sec} {eta} left  {msg}",
        None => "{spinner} {bytes} {bytes_per_sec}  {msg}",
    };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.set_message(format!("0/{assets} files"));
    Arc::new(Bar { bar, assets, done: std::sync::atomic::AtomicU64::new(0) })
}
