//! A runbook as a document, for those who read it before it is run: Markdown, a page of HTML, a flowchart.

mod html;
mod known;
mod markdown;
mod mermaid;
mod page;
mod step;
mod words;

pub use html::{DocumentError, html};
pub use markdown::markdown;
pub use mermaid::mermaid;
