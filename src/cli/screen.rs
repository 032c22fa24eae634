//! The screen as the engine sees it.

use std::sync::Arc;

use crate::display::Viewer;
use crate::engine::Screen;
use crate::events::{Entry, Progress, RunView};

/// Shows to a viewer.
pub(crate) struct Shown(pub(crate) Arc<Viewer>);

impl Screen for Shown {
    fn record(&self, entry: &Entry, view: &RunView) {
        self.0.record(entry, view);
    }

    fn progress(&self, progress: &Progress) {
        self.0.progress(progress);
    }
}
