//! The document as a page of its own: nothing is fetched, nothing runs, and what comes from the runbook is text.

use std::sync::OnceLock;

use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, TagEnd, html::push_html};
use tera::{Context, Tera};

use crate::plan::planned::Plan;

use super::markdown::markdown;

const PAGE: &str = include_str!("../../../templates/runbook.html.tera");

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
#[error("the page cannot be made: {0}")]
pub struct DocumentError(#[from] tera::Error);

/// The plan as a page of HTML.
///
/// # Errors
/// Where the page's own template is broken.
pub fn html(plan: &Plan) -> Result<String, DocumentError> {
    let mut context = Context::new();
    context.insert("title", &plan.name);
    context.insert("body", &body(&markdown(plan)));
    Ok(tera().map_err(tera::Error::message)?.render("runbook.html", &context)?)
}

fn tera() -> Result<&'static Tera, &'static str> {
    static TERA: OnceLock<Result<Tera, String>> = OnceLock::new();
    let made = TERA.get_or_init(|| {
        let mut tera = Tera::default();
        // What ends in `.html` is escaped.
        tera.add_raw_template("runbook.html", PAGE).map_err(|error| error.to_string())?;
        Ok(tera)
    });
    made.as_ref().map_err(String::as_str)
}

/// Markdown as HTML. HTML in it is shown as the text that it is, links lead to the web or nowhere, and no picture is fetched.
fn body(markdown: &str) -> String {
    let options = Options::ENABLE_TABLES | Options::ENABLE_TASKLISTS | Options::ENABLE_STRIKETHROUGH;
    let events = Parser::new_ext(markdown, options).map(|event| match event {
        Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
        Event::Start(Tag::Link { link_type, dest_url, title, id } | Tag::Image { link_type, dest_url, title, id }) => {
            Event::Start(Tag::Link { link_type, dest_url: to_the_web(dest_url), title, id })
        }
        Event::End(TagEnd::Image) => Event::End(TagEnd::Link),
        other => other,
    });
    let mut body = String::with_capacity(markdown.len() * 2);
    push_html(&mut body, events);
    body
}

fn to_the_web(url: CowStr<'_>) -> CowStr<'_> {
    let lower = url.to_ascii_lowercase();
    if ["http://", "https://", "mailto:", "#"].iter().any(|start| lower.starts_with(start)) { url } else { "#".into() }
}

#[cfg(test)]
mod tests {
    use super::body;

    #[test]
    fn nothing_of_an_author_is_more_than_text() {
        let html = body(
            "> <script>alert(1)</script>\n> [a](javascript:alert(1)) ![b](https://evil.example/x.png)\n>\n> <b onclick=x>c</b>\n",
        );
        assert_eq!(
            html,
            "<blockquote>\n&lt;script&gt;alert(1)&lt;/script&gt;\n<p><a href=\"#\">a</a> \
             <a href=\"https://evil.example/x.png\">b</a></p>\n<p>&lt;b onclick=x&gt;c&lt;/b&gt;</p>\n</blockquote>\n"
        );
    }
}
