//! Steps that fail, and what cannot be taken back.

use std::io::Read as _;
use std::net::TcpListener;

use crate::support::Test;

use super::page::Page;

pub(super) fn scenes(page: &mut Page) {
    page.part("Steps");
    let step = |step: &str| Test::new().runbook(&format!("name: One step\nsteps:\n  - {step}\n"));
    page.scene(
        "A script fails",
        &step("{id: fails, on: local, run: 'echo no such user >&2; exit 67', undo: nothing}"),
        "run book.yaml",
    );
    page.scene(
        "It takes too long",
        &step("{id: long, on: local, run: sleep 5, timeout: 300ms, undo: nothing}"),
        "run book.yaml",
    );
    page.scene(
        "Its job is killed",
        &step("{id: killed, on: local, run: 'kill -s KILL 0', undo: nothing}"),
        "run book.yaml",
    );
    page.scene(
        "It is done, and does not hold",
        &step("{id: holds, on: local, run: 'true', verify: test -e there, undo: nothing}"),
        "run book.yaml",
    );
    page.scene(
        "It cannot be begun",
        &step("{id: gone, on: local, copy: {src: none.html, dest: /tmp/none.html}}"),
        "run book.yaml",
    );
    page.scene(
        "Something is in its way",
        &step("{id: tree, on: local, copy: {content: x, dest: /none/where/page}}"),
        "run book.yaml",
    );
    page.scene("Nobody is there to answer", &step("{id: person, manual: Call Ann}"), "run book.yaml");

    // Takes a request, and says nothing.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 1024]);
    });
    let test = Test::new().runbook(&format!(
        "name: One step\nvars: {{api: 'http://127.0.0.1:{port}/'}}\nsteps:\n  - {{id: post, http: {{url: '{{{{ api }}}}', method: POST, body: x}}, undo: nothing}}\n"
    ));
    page.scene("A request that changes something is not answered", &test, "run book.yaml");
    server.join().unwrap();

    page.part("Back again");
    let test = Test::new().runbook(
        "
        name: One step
        steps:
          - {id: one, on: local, run: touch one, undo: rm one}
          - {id: none, on: local, run: 'true'}
        ",
    );
    test.run("run book.yaml").exits(0);
    page.scene("There is no way back", &test, "rollback");
    std::fs::remove_file(test.path("one")).unwrap();
    page.scene("An undo fails", &test, "rollback --past-irreversible");
    let test = Test::new();
    let page_of = test.path("page").display().to_string();
    let test = test.runbook(&format!(
        "name: One step\nsteps:\n  - {{id: page, on: local, copy: {{content: ours, dest: '{page_of}'}}}}\n"
    ));
    test.run("run book.yaml").exits(0);
    test.put("page", "theirs");
    page.scene("Somebody has changed it since", &test, "rollback");
}
