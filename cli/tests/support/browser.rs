//! A headless Chromium, and its one page.
//!
//! The browser is a package of npm, with the libraries that it needs: nothing has to be installed beside Node.js. There is
//! one for Linux on x86-64; elsewhere `PUPPETEER_EXECUTABLE_PATH` names a Chromium or Chrome.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};
use testkit::install::Clients;
use testkit::tool::Missing;

const CLIENTS: Clients = Clients::new(env!("CARGO_MANIFEST_DIR"), env!("CARGO_TARGET_TMPDIR"));
const OWN: &str = "PUPPETEER_EXECUTABLE_PATH";
/// How long something may take to be on the page.
const PATIENCE: u64 = 60;

/// What is missing for a browser.
pub(crate) fn missing() -> Option<Missing> {
    let has_package = cfg!(all(target_os = "linux", target_arch = "x86_64"));
    let is_there = has_package || std::env::var_os(OWN).is_some();
    (!is_there).then(|| Missing {
        why: format!("no package has Chromium for this machine, and {OWN} names none"),
        is_failure: false,
    })
}

/// A browser; it ends when it is dropped.
pub(crate) struct Browser {
    process: Child,
    requests: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Browser {
    /// Installs it where that has not been done, and starts it.
    pub(crate) fn start() -> Self {
        let folder = CLIENTS.npm("browser");
        // Packages are looked for next to the script, and the browser is unpacked below the temporary folder, once.
        let script = folder.join("browser.mjs");
        std::fs::copy(CLIENTS.folder("browser").join("browser.mjs"), &script).unwrap();
        let unpacked = folder.join("unpacked");
        std::fs::create_dir_all(&unpacked).unwrap();
        let mut process = Command::new("node")
            .arg(script)
            .env("TMPDIR", unpacked)
            // So that the package also unpacks the libraries and fonts that a small machine lacks.
            .env("AWS_EXECUTION_ENV", "AWS_Lambda_nodejs22.x")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let requests = process.stdin.take();
        let answers = BufReader::new(process.stdout.take().unwrap());
        let mut browser = Self {
            process,
            requests,
            answers,
        };
        // It says which version it is once it is there.
        browser.answer();
        browser
    }

    /// Opens an address; returns the status of the page, and the address that it led to.
    pub(crate) fn open(&mut self, address: &str) -> (u64, String) {
        let opened = self.ask(&json!({"act": "open", "address": address}));
        let led_to = opened["address"].as_str().unwrap().to_owned();
        (opened["status"].as_u64().unwrap(), led_to)
    }

    pub(crate) fn resize(&mut self, width: u32, height: u32) {
        self.ask(&json!({"act": "resize", "width": width, "height": height}));
    }

    /// Prefers light or dark from now on.
    pub(crate) fn prefer(&mut self, scheme: &str) {
        self.ask(&json!({"act": "scheme", "scheme": scheme}));
    }

    /// Waits until an expression is true on the page.
    pub(crate) fn wait(&mut self, expression: &str) {
        self.ask(&json!({"act": "wait", "expression": expression, "seconds": PATIENCE}));
    }

    /// The value of an expression on the page.
    pub(crate) fn evaluate(&mut self, expression: &str) -> Value {
        self.ask(&json!({"act": "evaluate", "expression": expression}))
    }

    /// The text of an element.
    pub(crate) fn text(&mut self, selector: &str) -> String {
        let text = self.evaluate(&format!(
            "document.querySelector('{selector}')?.textContent"
        ));
        text.as_str().unwrap_or_default().to_owned()
    }

    /// The number that an element has for programs.
    pub(crate) fn number(&mut self, id: &str) -> Option<u64> {
        let value = self.evaluate(&format!("document.getElementById('{id}')?.value"));
        value.as_str()?.parse().ok()
    }

    /// What a checker of accessibility finds wrong with the page.
    pub(crate) fn check(&mut self) -> Vec<String> {
        let found = self.ask(&json!({"act": "check"}));
        serde_json::from_value(found).unwrap()
    }

    /// Errors that the page had, and what its policy kept from happening.
    pub(crate) fn faults(&mut self) -> Vec<String> {
        let faults = self.ask(&json!({"act": "faults"}));
        serde_json::from_value(faults).unwrap()
    }

    /// Keeps what is to be seen, where somebody wants to see it: in the folder that `SLUICE_PICTURES` names.
    pub(crate) fn picture(&mut self, name: &str, is_whole: bool) {
        if let Some(folder) = std::env::var_os("SLUICE_PICTURES") {
            let file = std::path::Path::new(&folder).join(format!("{name}.png"));
            self.ask(&json!({"act": "picture", "file": file, "whole": is_whole}));
        }
    }

    fn ask(&mut self, request: &Value) -> Value {
        let requests = self.requests.as_mut().unwrap();
        writeln!(requests, "{request}").unwrap();
        self.answer()
    }

    fn answer(&mut self) -> Value {
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        let mut answer: Value = serde_json::from_str(&line).unwrap();
        assert!(answer["error"].is_null(), "{answer}");
        answer["ok"].take()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // It ends with its input.
        self.requests = None;
        let _ = self.process.wait();
    }
}
