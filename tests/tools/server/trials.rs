//! Trials of functions that wait for the server.

/// Runs a test on a runtime of its own.
pub(super) fn block_on(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(test);
}

/// Makes trials of tests that need the server.
macro_rules! server_trials {
    ($($test:ident),* $(,)?) => {
        vec![$($crate::tool::trial(
            concat!(module_path!(), "::", stringify!($test)),
            $crate::server::schema::missing(),
            || $crate::server::trials::block_on($test()),
        )),*]
    };
}
pub(super) use server_trials;
