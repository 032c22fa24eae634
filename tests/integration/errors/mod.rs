//! Every error that somebody can meet, as they meet it, on one page that reads from top to bottom: `errors.snap`. What happened, where, what was
//! left as it was, what to type next. `wordings` sees that none is missing.

mod hosts;
mod journal;
mod page;
mod runs;
mod steps;
mod typed;
mod wordings;

use crate::transport::sshd;

use page::Page;

#[test]
fn every_error_reads_well() {
    // Without an sshd some of them cannot be met: it was said.
    if sshd::start("").is_none() {
        return;
    }
    let mut page = Page::default();
    typed::scenes(&mut page);
    runs::scenes(&mut page);
    steps::scenes(&mut page);
    hosts::scenes(&mut page);
    journal::scenes(&mut page);
    let text = page.text();
    insta::with_settings!({prepend_module_to_snapshot => false, snapshot_path => ".", omit_expression => true}, {
        insta::assert_snapshot!("errors", text);
    });
    wordings::are_all_in(&text);
}
