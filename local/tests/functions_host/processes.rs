//! The handler's life: start, readiness, crashes, time-outs, and its end.

use serde_json::json;
use sluice_local::functions_host::events::{HostEvent, Level};
use sluice_local::functions_host::{HostEnd, Signal};

use crate::support::{App, eventually, header, yearly};

async fn app() -> App {
    App::new(&[("tick", yearly()), ("tock", yearly())]).await
}

fn is_running(pid: &serde_json::Value) -> bool {
    // A zombie has been waited for by its parent or soon will be; it runs no more.
    let status = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = status
        .rsplit_once(") ")
        .map(|(_, rest)| rest.starts_with('Z'));
    state == Some(false)
}

#[tokio::test]
async fn the_handler_gets_its_port_and_settings_and_is_heard() {
    let app = app().await.with("COLOUR", "green");
    let host = app.start().await;
    host.trigger("tick").await.expect("runs");
    let starts = app.starts();
    let env = &starts[0]["env"];
    let root = app.root().canonicalize().expect("a path");
    assert_eq!(env["COLOUR"], "green");
    assert_eq!(env["FUNCTIONS_CUSTOMHANDLER_PORT"], host.port().to_string());
    assert_eq!(env["FUNCTIONS_HTTPWORKER_PORT"], host.port().to_string());
    assert_eq!(
        env["FUNCTIONS_CUSTOMHANDLER_WORKER_ID"],
        env["FUNCTIONS_HTTPWORKER_ID"]
    );
    assert_eq!(env["FUNCTIONS_APP_ROOT_PATH"], root.to_str().expect("text"));
    assert_eq!(starts[0]["cwd"], root.to_str().expect("text"));
    let expected = [
        (Level::Warning, "a warning on stderr".to_owned()),
        (Level::Error, "an error on stderr".to_owned()),
    ];
    eventually("stderr", async || (app.stderr() == expected).then_some(())).await;
    let heard = |event: &HostEvent| match event {
        HostEvent::Stdout { line } => line == "a line on stdout",
        _ => false,
    };
    eventually("stdout", async || {
        app.events().iter().any(heard).then_some(())
    })
    .await;
    let logged = |event: &HostEvent| match event {
        HostEvent::FunctionLog { function, line, .. } => {
            function == "tick" && line == "said by the handler"
        }
        _ => false,
    };
    assert!(app.events().iter().any(logged));
    let stats = host.stats().functions["tick"];
    assert_eq!(
        (stats.invocations, stats.failures, stats.in_flight),
        (1, 0, 0)
    );
    host.shutdown().await;
}

#[tokio::test]
async fn requests_have_the_real_hosts_headers_in_its_order() {
    let app = app().await;
    let host = app.start().await;
    host.trigger("tick").await.expect("runs");
    let requests = app.requests();
    let headers = requests[0]["headers"].as_array().expect("headers");
    let names: Vec<_> = headers
        .iter()
        .step_by(2)
        .filter_map(|name| name.as_str())
        .map(str::to_ascii_lowercase)
        .collect();
    let expected = [
        "host",
        "x-azure-functions-hostversion",
        "x-azure-functions-invocationid",
        "user-agent",
        "transfer-encoding",
        "content-type",
    ];
    assert_eq!(names, expected);
    assert_eq!(
        header(&requests[0], "Content-Type"),
        "application/json; charset=utf-8"
    );
    assert_eq!(
        header(&requests[0], "Host"),
        format!("127.0.0.1:{}", host.port())
    );
    host.shutdown().await;
}

#[tokio::test]
async fn a_handler_that_cannot_start_stops_the_host_at_the_third_time() {
    let app = app().await;
    app.script(json!({"start": "exit:3"}));
    let host = app.start().await;
    assert_eq!(host.stopped().await, HostEnd::Stopped);
    assert_eq!(app.starts().len(), 3);
    assert!(
        app.has_message("Exceeded http worker restart retry count. Shutting down Functions Host")
    );
    assert!(
        app.has_message(
            "Language Worker Process exited. node exited with code 3 (0x3) cannot start"
        )
    );
    host.shutdown().await;
}

#[tokio::test]
async fn a_host_that_does_not_give_up_starts_a_handler_that_is_killed_again_and_again() {
    let mut app = app().await;
    app.gives_up = false;
    let host = app.start().await;
    for killed in 1..=5 {
        host.trigger("tick").await.expect("runs");
        let before = host.handler_process();
        assert!(host.signal(Signal::Kill).await);
        eventually("another handler", async || {
            (host.handler_process() != before && app.starts().len() > killed).then_some(())
        })
        .await;
    }
    host.trigger("tick").await.expect("runs");
    host.shutdown().await;
}

#[cfg(unix)]
#[tokio::test]
async fn a_handler_that_is_held_does_nothing_until_it_goes_on() {
    let app = app().await;
    let host = app.start().await;
    host.trigger("tick").await.expect("runs");
    let process = host.handler_process();
    assert!(host.signal(Signal::Hold).await);
    let running = host.trigger("tick");
    let in_time = tokio::time::timeout(std::time::Duration::from_millis(300), running).await;
    assert!(in_time.is_err(), "it is held");
    assert_eq!(app.requests().len(), 1);
    assert!(host.signal(Signal::Continue).await);
    app.requested(2).await;
    assert_eq!(host.handler_process(), process, "it is the same one");
    host.shutdown().await;
}

#[tokio::test]
async fn a_deaf_handler_stops_the_host_at_the_third_time() {
    let app = app().await.with(
        "AzureFunctionsJobHost__customHandler__initializationTimeout",
        "00:00:00.500",
    );
    app.script(json!({"start": "deaf"}));
    let host = app.start().await;
    assert_eq!(host.stopped().await, HostEnd::Stopped);
    assert!(app.has_message("Failed to start http worker process."));
    assert!(app.starts().iter().all(|start| !is_running(&start["pid"])));
    host.shutdown().await;
}

#[tokio::test]
async fn a_crash_fails_the_invocation_and_restarts_the_handler() {
    let app = app().await;
    app.script(json!({"tick": "exit:7"}));
    let host = app.start().await;
    let error = host.trigger("tick").await.expect_err("crashes");
    assert!(
        error
            .to_string()
            .contains("An error occurred while sending the request."),
        "{error}"
    );
    app.script(json!({}));
    eventually("a new process", async || {
        (app.starts().len() == 2).then_some(())
    })
    .await;
    host.trigger("tick").await.expect("runs again");
    let starts = app.starts();
    assert_ne!(starts[0]["pid"], starts[1]["pid"]);
    assert_eq!(
        starts[0]["env"]["FUNCTIONS_CUSTOMHANDLER_PORT"],
        starts[1]["env"]["FUNCTIONS_CUSTOMHANDLER_PORT"]
    );
    host.shutdown().await;
}

#[tokio::test]
async fn exit_200_restarts_for_free() {
    let app = app().await;
    app.script(json!({"tick": "exit:200"}));
    let host = app.start().await;
    for restarts in 1..=4 {
        host.trigger("tick").await.expect_err("exits");
        eventually("a restart", async || {
            (app.starts().len() == restarts + 1).then_some(())
        })
        .await;
    }
    app.script(json!({}));
    host.trigger("tick").await.expect("still runs");
    host.shutdown().await;
}

#[tokio::test]
async fn exit_0_goes_unnoticed_and_everything_fails_afterwards() {
    let app = app().await;
    app.script(json!({"tick": "exit:0"}));
    let host = app.start().await;
    host.trigger("tick").await.expect_err("exits");
    app.script(json!({}));
    eventually("the exit", async || {
        app.has_message("Process node has exited").then_some(())
    })
    .await;
    host.trigger("tick").await.expect_err("nobody listens");
    assert_eq!(app.starts().len(), 1);
    // Whoever runs the host is told.
    assert_eq!(host.stopped().await, HostEnd::HandlerLeft);
    host.shutdown().await;
}

#[tokio::test]
async fn an_answer_without_content_hangs_until_the_time_out() {
    for answer in ["empty", "null"] {
        let app = app()
            .await
            .with("AzureFunctionsJobHost__functionTimeout", "00:00:02");
        app.script(json!({"tick": answer, "tock": "hang"}));
        let host = app.start().await;
        let late = async {
            // By now the time-out of `tick` has run for as long as the handler took to start.
            app.requested(1).await;
            host.trigger("tock").await
        };
        let (tick, tock) = tokio::join!(host.trigger("tick"), late);
        let tick = tick.expect_err("times out").to_string();
        assert!(
            tick.ends_with("Timeout value of 00:00:02 was exceeded by function: Functions.tick")
        );
        let tock = tock.expect_err("is taken along").to_string();
        assert!(
            tock.contains("An error occurred while sending the request."),
            "{tock}"
        );
        app.script(json!({}));
        host.trigger("tick").await.expect("runs in a new process");
        assert_eq!(app.starts().len(), 2);
        assert!(!is_running(&app.starts()[0]["pid"]));
        host.shutdown().await;
    }
}

#[tokio::test]
async fn shutdown_kills_the_handler_within_an_invocation() {
    let app = app().await;
    app.script(json!({"tick": "hang"}));
    let host = app.start().await;
    let triggered = async {
        let error = host.trigger("tick").await;
        error.expect_err("is cut off");
    };
    tokio::select! {
        () = triggered => panic!("must hang"),
        _ = app.requested(1) => {}
    }
    let pid = app.starts()[0]["pid"].clone();
    assert!(is_running(&pid));
    host.shutdown().await;
    assert!(!is_running(&pid));
}

#[tokio::test]
async fn without_an_executable_invocations_time_out() {
    let app = app()
        .await
        .with("AzureFunctionsJobHost__functionTimeout", "00:00:01")
        .with(
            "AzureFunctionsJobHost__customHandler__description__defaultExecutablePath",
            "no-such",
        );
    let host = app.start().await;
    let error = host.trigger("tick").await.expect_err("times out");
    assert!(
        error.to_string().contains("Timeout value of 00:00:01"),
        "{error}"
    );
    assert!(app.has_message("Failed to start Worker Channel. Process fileName: no-such"));
    host.shutdown().await;
}

#[tokio::test]
async fn an_app_that_the_real_host_refuses_does_not_start() {
    let app = App::new(&[]).await;
    let error = app.try_start().await.expect_err("no functions");
    assert!(error.to_string().starts_with("No job functions found."));
}
