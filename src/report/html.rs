//! The report as one page of HTML that needs nothing besides.

use data_encoding::BASE64;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tera::{Context, Tera};

use crate::base::safe::safe;

use super::model::Report;

/// Its name ends so that Tera escapes what is put into it.
const NAME: &str = "page.html";
const PAGE: &str = include_str!("../../templates/report/page.html");
pub(super) const STYLE: &str = include_str!("../../templates/report/page.css");

/// The report as one page of HTML: without scripts, and without anything that is fetched.
///
/// # Errors
/// Where the template does not fit the report, which is a bug.
pub fn html(report: &Report) -> Result<String, tera::Error> {
    let mut tera = Tera::new();
    tera.autoescape_on([".html"]);
    tera.add_raw_template(NAME, PAGE)?;
    let mut context = context(report)?;
    context.insert("style", STYLE);
    // The one style that the page may have: none that slips in with what a host said.
    context.insert("style_hash", &format!("sha256-{}", BASE64.encode(&Sha256::digest(STYLE))));
    tera.render(NAME, &context)
}

/// The report as templates see it. Whatever text is in it comes by here, and is harmless afterwards.
pub(super) fn context(report: &Report) -> Result<Context, tera::Error> {
    let value = serde_json::to_value(report).map_err(tera::Error::message)?;
    Context::from_serialize(&harmless(value))
}

fn harmless(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(safe(&text).into_owned()),
        Value::Array(values) => values.into_iter().map(harmless).collect(),
        Value::Object(map) => map.into_iter().map(|(key, value)| (key, harmless(value))).collect(),
        plain => plain,
    }
}
