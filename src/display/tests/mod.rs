//! A scripted run on every screen, and everything else that is shown.

mod diagnostics;
mod endings;
mod foreseen;
mod hostile;
mod human;
mod json;
mod plain;
mod standing;
mod story;
mod watched;
