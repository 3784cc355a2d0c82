//! Timers in a running host.

use serde_json::json;

use crate::support::{App, account, eventually};

fn timer(schedule: &str, run_on_startup: bool) -> serde_json::Value {
    json!({"bindings": [{
        "type": "timerTrigger", "direction": "in", "name": "timer",
        "schedule": schedule, "runOnStartup": run_on_startup,
    }]})
}

#[tokio::test]
async fn a_schedule_from_a_setting_runs_the_function_again_and_again() {
    let app = App::new(&[("gold", timer("%EVERY%", false))])
        .await
        .with("EVERY", "* * * * * *");
    let host = app.start().await;
    let requests = app.requested(2).await;
    let expected =
        json!({"Schedule": {"AdjustForDST": true}, "ScheduleStatus": null, "IsPastDue": false});
    assert!(
        requests
            .iter()
            .all(|request| request["body"]["Data"]["timer"] == expected)
    );
    host.shutdown().await;
}

#[tokio::test]
async fn a_slow_schedule_keeps_its_status_over_a_restart() {
    let app = App::new(&[("gold", timer("0 0 0 1 1 *", true))])
        .await
        .with(
            "AzureFunctionsWebHost__hostid",
            &format!("t{}", std::process::id()),
        );
    let host = app.start().await;
    let first = app.requested(1).await;
    let status = &first[0]["body"]["Data"]["timer"]["ScheduleStatus"];
    assert_eq!(status["Last"], "0001-01-01T00:00:00+00:00");
    let name = format!(
        "timers/t{}/Host.Functions.gold.Listener/status",
        std::process::id()
    );
    let service = account().await.blob_service().expect("a service");
    let blob = service.blob_client("azure-webjobs-hosts", &name);
    eventually("a status", async || {
        let content = blob.download(None).await.ok()?.body.collect().await.ok()?;
        let text = String::from_utf8_lossy(&content).into_owned();
        (!text.contains("\"LastUpdated\":\"0001")).then_some(())
    })
    .await;
    host.shutdown().await;

    let host = app.start().await;
    let second = app.requested(2).await;
    let status = &second[1]["body"]["Data"]["timer"]["ScheduleStatus"];
    assert_ne!(status["Last"], "0001-01-01T00:00:00+00:00");
    host.shutdown().await;
}
