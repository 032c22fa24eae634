//! What a request leaves for the templates of later steps.

use serde_json::{Map, Value, json};

use crate::actions::said::{MOST, text};
use crate::base::Masker;
use crate::events::record::Outputs;

use super::expect::Answer;
use super::request::{Redirect, Trail};

/// The names of what there is beside `stdout`, and beside the `error` that every step has.
pub(super) const NAMES: &[&str] = &["status", "headers", "url", "redirects", "certificate_valid_until"];

/// What is left, masked. `error` is what was wrong, where that is no failure.
pub(super) fn outputs(trail: &Trail, answer: Option<&Answer>, error: Option<&str>, masker: &Masker) -> Outputs {
    let body = answer.map(|answer| masker.mask_bytes(&answer.body)).unwrap_or_default();
    let kept = &body[..body.len().min(MOST)];
    let stdout = text(kept, kept.len() < body.len());
    let mut headers = Map::new();
    for (name, value) in answer.into_iter().flat_map(|answer| &answer.headers) {
        let value = masker.mask(&String::from_utf8_lossy(value.as_bytes()));
        match headers.entry(name.as_str()).or_insert_with(|| json!([])) {
            Value::Array(values) => values.push(Value::String(value)),
            other => *other = json!([value]),
        }
    }
    let led_on = |redirect: &Redirect| json!({"url": masker.mask(&redirect.url), "status": redirect.status});
    let data = json!({
        "status": answer.map(|answer| answer.status),
        "headers": headers,
        "url": masker.mask(&trail.url),
        "redirects": trail.redirects.iter().map(led_on).collect::<Vec<_>>(),
        "certificate_valid_until": answer.and_then(|answer| answer.not_after).map(|until| until.to_string()),
        "error": error,
    });
    Outputs { stdout, data: Some(data), ..Outputs::default() }
}

#[cfg(test)]
mod tests {
    use hyper::header::{HeaderMap, HeaderName, HeaderValue};

    use super::*;
    use crate::base::Secret;

    #[test]
    fn an_answer_leaves_its_parts_by_name() {
        let masker = Masker::new([&Secret::new("hunter2".into())]);
        let mut headers = HeaderMap::new();
        for (name, value) in [("x-two", "b"), ("server", "hunter2"), ("x-two", "a")] {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        let until = Some("2030-01-01T00:00:00Z".parse().unwrap());
        let answer = Answer { status: 200, headers, body: b"is hunter2\n".to_vec(), not_after: until };
        let redirects = vec![Redirect { url: "http://a/?hunter2".into(), status: 301 }];
        let trail = Trail { url: "https://a/hunter2".into(), redirects };
        let left = outputs(&trail, Some(&answer), None, &masker);
        assert_eq!(left.stdout, "is ***");
        let due = json!({
            "status": 200,
            "headers": {"x-two": ["b", "a"], "server": ["***"]},
            "url": "https://a/***",
            "redirects": [{"url": "http://a/?***", "status": 301}],
            "certificate_valid_until": "2030-01-01T00:00:00Z",
            "error": null,
        });
        assert_eq!(left.data, Some(due));
    }

    #[test]
    fn no_answer_leaves_the_same_names() {
        let trail = Trail { url: "https://a/".into(), redirects: Vec::new() };
        let left = outputs(&trail, None, Some("refused"), &Masker::default());
        let data = left.data.unwrap();
        assert!(NAMES.iter().all(|name| data.get(name).is_some()), "{data}");
        assert_eq!((data["status"].clone(), data["error"].as_str()), (Value::Null, Some("refused")));
        assert_eq!((data["headers"].clone(), left.stdout.as_str()), (json!({}), ""));
    }
}
