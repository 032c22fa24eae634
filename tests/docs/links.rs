//! Links within the repository.

use std::collections::HashSet;
use std::path::{Component, PathBuf};

use crate::blocks::{Page, pages, root};

#[test]
fn links_lead_somewhere() {
    let pages = pages();
    let mut broken = Vec::new();
    for page in &pages {
        for link in links(&page.prose()) {
            if link.contains("://") || link.starts_with("mailto:") {
                continue;
            }
            let (path, anchor) =
                link.split_once('#').map_or((link.as_str(), None), |(path, anchor)| (path, Some(anchor)));
            let target = if path.is_empty() { page.path.clone() } else { beside(page, path) };
            if !root().join(&target).exists() {
                broken.push(format!("{}: there is no {}", page.path.display(), target.display()));
            } else if let Some(anchor) = anchor
                && let Some(other) = pages.iter().find(|other| other.path == target)
                && !anchors(other).contains(anchor)
            {
                broken.push(format!("{}: {} has no heading #{anchor}", page.path.display(), target.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

/// The targets of `[text](target)`.
fn links(prose: &str) -> Vec<String> {
    let without_code: String = prose.split('`').step_by(2).collect::<Vec<_>>().join("`");
    let starts = without_code.match_indices("](").map(|(at, _)| &without_code[at + 2..]);
    starts.filter_map(|rest| Some(rest[..rest.find(')')?].to_owned())).collect()
}

fn beside(page: &Page, path: &str) -> PathBuf {
    let mut target = page.path.parent().unwrap().to_owned();
    for component in PathBuf::from(path).components() {
        match component {
            Component::ParentDir => {
                target.pop();
            }
            other => target.push(other),
        }
    }
    target
}

/// The anchors of the page's headings.
fn anchors(page: &Page) -> HashSet<String> {
    let prose = page.prose();
    let headings = prose.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    headings.map(anchor).collect()
}

/// What forges make of a heading.
pub(crate) fn anchor(heading: &str) -> String {
    let kept = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    heading.to_lowercase().chars().filter(|c| kept(*c)).map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[test]
fn links_and_anchors_are_found() {
    assert_eq!(links("see [a](b.md#c), `[x](y)` and [d](#e)"), ["b.md#c", "#e"]);
    let page = Page { path: "docs/p.md".into(), text: "# `on`, and who\n```\n# no\n```\n## After a crash\n".into() };
    let due: HashSet<String> = ["on-and-who", "after-a-crash"].map(str::to_owned).into();
    assert_eq!(anchors(&page), due);
    assert_eq!(beside(&page, "../README.md"), PathBuf::from("README.md"));
}
