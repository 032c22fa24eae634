//! The report as a page: valid, accessible, and dead, whatever hosts said.

use std::collections::{BTreeMap, BTreeSet};

use data_encoding::BASE64;
use html5ever::tendril::TendrilSink as _;
use html5ever::{ParseOpts, parse_document};
use markup5ever_rcdom::{Handle, NodeData, RcDom};
use sha2::{Digest as _, Sha256};

use crate::base::safe::is_unsafe;
use crate::report::html;

use super::tale::Tale;

const HOSTILE: &str = "</pre></style></title><script>alert(1)</script>\"'><img src=x onerror=alert(1)><a href=\"javascript:alert(1)\">x</a>\
                       <!-- ]]> {{ name }} &lt; \u{1b}[31mred\u{7} \u{202e}evil \u{9b}2J\r\n<svg onload=alert(1)>";

/// All that the page is made of: the element, and what it may carry.
const ELEMENTS: &str = "\
    html lang|head|meta charset http-equiv content name|title id|style|body|a class href|header|footer|main id|nav aria-label|\
    section id|figure|figcaption|h1|h2|h3|h4 class|p class|strong|b|code|span class aria-hidden|dl class|div class|dt|dd|ul class|\
    ol class|li|table|caption|thead|tbody|tr|th scope|td class|details class id open|summary|pre|time datetime|\
    svg class role aria-labelledby width height aria-hidden|desc id|defs|pattern id width height patternUnits patternTransform|\
    rect class x y width height|text class x y text-anchor|line class x1 x2 y1 y2";

struct Element {
    name: String,
    attributes: BTreeMap<String, String>,
    text: String,
    /// The names of those that it is in, the outermost first.
    within: Vec<String>,
}

/// The elements of a page in order; it has to be valid.
fn parsed(page: &str) -> Vec<Element> {
    let dom = parse_document(RcDom::default(), ParseOpts::default()).one(page);
    assert_eq!(*dom.errors.borrow(), Vec::<&str>::new(), "{page}");
    let mut elements = Vec::new();
    walk(&dom.document, &mut Vec::new(), &mut elements);
    elements
}

fn walk(node: &Handle, within: &mut Vec<String>, elements: &mut Vec<Element>) {
    let NodeData::Element { name, attrs, .. } = &node.data else {
        node.children.borrow().iter().for_each(|child| walk(child, within, elements));
        return;
    };
    let name = name.local.to_string();
    let attributes = attrs.borrow().iter().map(|attr| (attr.name.local.to_string(), attr.value.to_string())).collect();
    elements.push(Element { name: name.clone(), attributes, text: text(node), within: within.clone() });
    within.push(name);
    node.children.borrow().iter().for_each(|child| walk(child, within, elements));
    within.pop();
}

fn text(node: &Handle) -> String {
    match &node.data {
        NodeData::Text { contents } => contents.borrow().to_string(),
        _ => node.children.borrow().iter().map(text).collect(),
    }
}

fn pages() -> [Vec<Element>; 2] {
    ["", HOSTILE].map(|text| parsed(&html(&Tale::whole(text).report()).unwrap()))
}

#[test]
fn nothing_that_was_said_is_alive() {
    let page = html(&Tale::whole(HOSTILE).report()).unwrap();
    assert!(!page.chars().any(|c| is_unsafe(c) && c != '\n'), "{page}");
    let allowed: BTreeMap<&str, BTreeSet<&str>> = ELEMENTS
        .split('|')
        .map(|element| {
            let mut words = element.split_whitespace();
            (words.next().unwrap(), words.collect())
        })
        .collect();
    let [calm, hostile] = pages();
    for element in &hostile {
        let may = allowed.get(element.name.as_str()).unwrap_or_else(|| panic!("<{}>", element.name));
        for (name, value) in &element.attributes {
            assert!(may.contains(name.as_str()), "<{} {name}={value:?}>", element.name);
            assert!(name != "href" || value.starts_with('#'), "a link to {value}");
        }
    }
    // What was said changes words, and nothing else: where lines of a difference are told apart, there are more of them.
    let shape = |page: &[Element]| -> Vec<String> {
        let own = page.iter().filter(|element| !element.within.iter().any(|name| name == "pre"));
        own.map(|element| element.name.clone()).collect()
    };
    assert_eq!(shape(&hostile), shape(&calm));
    assert!(hostile.iter().any(|element| element.name == "pre" && element.text.contains("<script>alert(1)</script>")));
}

#[test]
fn only_its_own_style_is_allowed() {
    let [page, _] = pages();
    let style = page.iter().find(|element| element.name == "style").unwrap();
    let is_policy = |element: &&Element| element.attributes.contains_key("http-equiv");
    let policy = &page.iter().find(is_policy).unwrap().attributes["content"];
    let hash = BASE64.encode(&Sha256::digest(&style.text));
    let due = format!("default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'");
    assert_eq!(*policy, due);
    // Nothing before it could be fetched, and it names nothing that could be.
    let position = |name: &str| page.iter().position(|element| element.name == name).unwrap();
    assert!(page.iter().position(|element| element.attributes.contains_key("http-equiv")).unwrap() < position("style"));
    assert!(!style.text.contains("@import") && !style.text.contains("http") && !style.text.contains("url(\""));
}

#[test]
fn it_can_be_read_without_being_seen() {
    for page in pages() {
        let root = page.iter().find(|element| element.name == "html").unwrap();
        assert_eq!(root.attributes["lang"], "en");
        for landmark in ["main", "header", "footer", "nav", "h1", "title"] {
            let there = page
                .iter()
                .filter(|element| element.name == landmark && !element.within.iter().any(|name| name == "svg"));
            assert_eq!(there.count(), 1, "{landmark}");
        }
        let ids: Vec<&String> = page.iter().filter_map(|element| element.attributes.get("id")).collect();
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "an id twice: {ids:?}");
        let mut level = 0;
        for element in &page {
            if let Some(next) = element.name.strip_prefix('h').and_then(|rest| rest.parse::<u32>().ok()) {
                assert!(next <= level + 1, "h{next} after h{level}: {}", element.text);
                assert!(!element.text.trim().is_empty(), "an empty h{next}");
                level = next;
            }
            let links = element.attributes.get("href").into_iter();
            let named = element.attributes.get("aria-labelledby").into_iter().flat_map(|ids| ids.split(' '));
            for target in links.filter_map(|link| link.strip_prefix('#')).chain(named) {
                assert!(ids.iter().any(|id| *id == target), "nothing is called {target}");
            }
            let is = |name: &str, value: &str| element.attributes.get(name).is_some_and(|found| found == value);
            match element.name.as_str() {
                "svg" => assert!(
                    is("aria-hidden", "true")
                        || is("role", "img") && element.attributes.contains_key("aria-labelledby")
                ),
                "th" => assert!(is("scope", "col") || is("scope", "row")),
                "a" | "summary" | "li" | "caption" => {
                    assert!(!element.text.trim().is_empty(), "an empty {}", element.name);
                }
                _ => {}
            }
        }
        let count = |name: &str| page.iter().filter(|element| element.name == name).count();
        assert!(count("table") >= 3 && count("table") == count("caption") && count("table") == count("thead"));
        assert_eq!(count("details"), count("summary"));
    }
}

#[test]
fn it_has_a_place_for_all_that_happened() {
    let page = html(&Tale::whole("").report()).unwrap();
    for words in [
        "<strong>done</strong>: but temporary changes are open",
        "<td>1m 34s</td>",
        "class=\"bar down\"",
        "class=\"bar unwatched\"",
        "class=\"fold\"",
        "Folded: 7d 0h",
        "ann@laptop, ben@desk",
        "yes (terminal)",
        "color: blue | [green](x); looks well",
        "<span class=\"add\">+ServerName new</span>",
        "<b>Point of no return</b>: the world knows",
        "bytes are left out here",
        "Checkpoint <b>before the cut</b>",
    ] {
        assert!(page.contains(words), "no `{words}` in\n{page}");
    }
}
