//! A client of the W3C WebDriver protocol: JSON over HTTP to `chromedriver`, and no more of it than the tests need.

use base64::Engine as _;
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

/// A browser of its own, ended when dropped.
pub(crate) struct Browser {
    driver: Child,
    port: u16,
    session: String,
}

impl Browser {
    /// Starts one; `None` where there is none to start and nobody insists.
    pub(crate) fn start(arguments: &[&str]) -> Option<Browser> {
        let driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let mut driver = match driver {
            Ok(driver) => driver,
            Err(error) if std::env::var_os("KEYWHO_BROWSER").is_some() => panic!("chromedriver: {error}"),
            Err(error) => {
                eprintln!("not tested: chromedriver: {error}");
                return None;
            }
        };
        let lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port = lines.map_while(Result::ok).find_map(|line| {
            let (_, rest) = line.split_once("started successfully on port ")?;
            rest.trim_end_matches('.').parse().ok()
        });
        let mut browser = Browser {
            driver,
            port: port.expect("chromedriver says its port"),
            session: String::new(),
        };
        let mut all = vec![
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--window-size=1400,1000",
        ];
        all.extend(arguments);
        let session = browser.call(
            "POST",
            "/session",
            &json!({"capabilities": {"alwaysMatch": {
                "browserName": "chrome",
                "goog:chromeOptions": {"args": all},
                "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
            }}}),
        );
        browser.session = session["sessionId"].as_str().unwrap().to_owned();
        Some(browser)
    }

    pub(crate) fn open(&self, url: &str) {
        self.post("url", &json!({"url": url}));
    }

    pub(crate) fn title(&self) -> String {
        let path = format!("/session/{}/title", self.session);
        self.call("GET", &path, &Value::Null).as_str().unwrap().to_owned()
    }

    /// Runs the body of a function in the page and returns what it returns.
    pub(crate) fn script(&self, body: &str, arguments: Value) -> Value {
        self.post("execute/sync", &json!({"script": body, "args": arguments}))
    }

    /// What the console shows at level `SEVERE`: errors of scripts, and what the content security policy stopped.
    pub(crate) fn errors(&self) -> Vec<String> {
        let log = self.post("se/log", &json!({"type": "browser"}));
        let severe = log
            .as_array()
            .unwrap()
            .iter()
            .filter(|entry| entry["level"] == "SEVERE");
        severe.map(|entry| entry["message"].to_string()).collect()
    }

    /// Addresses of all requests so far.
    pub(crate) fn requests(&self) -> Vec<String> {
        let log = self.post("se/log", &json!({"type": "performance"}));
        let entries = log.as_array().unwrap().iter();
        let messages =
            entries.map(|entry| serde_json::from_str::<Value>(entry["message"].as_str().unwrap()).unwrap());
        let sent = messages.filter(|message| message["message"]["method"] == "Network.requestWillBeSent");
        sent.map(|message| {
            message["message"]["params"]["request"]["url"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect()
    }

    /// A command of the Chrome DevTools protocol.
    pub(crate) fn cdp(&self, command: &str, parameters: Value) -> Value {
        self.post("goog/cdp/execute", &json!({"cmd": command, "params": parameters}))
    }

    /// Prefers `light` or `dark`.
    pub(crate) fn prefer(&self, scheme: &str) {
        let feature = json!({"name": "prefers-color-scheme", "value": scheme});
        self.cdp("Emulation.setEmulatedMedia", json!({"features": [feature]}));
    }

    pub(crate) fn size(&self, width: u32, height: u32) {
        let metrics =
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600});
        self.cdp("Emulation.setDeviceMetricsOverride", metrics);
    }

    pub(crate) fn press_tab(&self) {
        let keys = json!([{"type": "keyDown", "value": "\u{e004}"}, {"type": "keyUp", "value": "\u{e004}"}]);
        self.post(
            "actions",
            &json!({"actions": [{"type": "key", "id": "keys", "actions": keys}]}),
        );
    }

    /// What is seen, as PNG.
    pub(crate) fn picture(&self) -> Vec<u8> {
        let path = format!("/session/{}/screenshot", self.session);
        decode(&self.call("GET", &path, &Value::Null))
    }

    /// What is printed, as PDF.
    pub(crate) fn print(&self) -> Vec<u8> {
        decode(&self.post("print", &json!({"orientation": "landscape", "background": true})))
    }

    fn post(&self, command: &str, body: &Value) -> Value {
        self.call("POST", &format!("/session/{}/{command}", self.session), body)
    }

    fn call(&self, method: &str, path: &str, body: &Value) -> Value {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut reader = BufReader::new(stream);
        let mut length = 0;
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().unwrap();
            }
            if line.trim().is_empty() {
                break;
            }
        }
        let mut answer = vec![0; length];
        reader.read_exact(&mut answer).unwrap();
        let answer: Value = serde_json::from_slice(&answer).unwrap();
        let value = answer["value"].clone();
        assert!(
            value.get("error").is_none() || method == "DELETE",
            "{path}: {value}"
        );
        value
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if !self.session.is_empty() && !std::thread::panicking() {
            self.call("DELETE", &format!("/session/{}", self.session), &Value::Null);
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

fn decode(value: &Value) -> Vec<u8> {
    base64::engine::general_purpose::STANDARD
        .decode(value.as_str().unwrap())
        .unwrap()
}
