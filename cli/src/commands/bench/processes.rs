//! CPU time and memory of the processes, as Linux tells in /proc. Elsewhere they are not measured.

use std::collections::BTreeMap;

/// Ticks of CPU time in a second: what Linux shows to programs is always this, whatever the kernel's own is.
const TICKS: f64 = 100.0;

/// CPU time of every process of interest so far, by its name and id, and the handler's highest memory.
#[derive(Clone, Debug, Default)]
pub(super) struct Usage {
    ticks: BTreeMap<(&'static str, u32), (u64, u64)>,
    machine: Option<(u64, u64)>,
    /// The most bytes of memory that the handler has had.
    pub(super) handler_memory: Option<u64>,
}

impl Usage {
    /// Looks at the processes. One that is seen for the first time late is counted from its start.
    pub(super) fn sample(&mut self, azurite: u32, handler: Option<u32>, is_first: bool) {
        let ours = [
            ("sluice", Some(std::process::id())),
            ("handler", handler),
            ("azurite", Some(azurite)),
        ];
        for (name, id) in ours {
            let Some(id) = id else { continue };
            let Some(now) = read(&format!("/proc/{id}/stat")).and_then(|text| cpu_ticks(&text))
            else {
                continue;
            };
            let before = if is_first { now } else { 0 };
            self.ticks.entry((name, id)).or_insert((before, now)).1 = now;
        }
        if let Some(now) = read("/proc/stat").and_then(|text| busy_ticks(&text)) {
            self.machine.get_or_insert((now, now)).1 = now;
        }
        let memory = handler.and_then(|id| read(&format!("/proc/{id}/status")));
        let memory = memory.and_then(|text| peak_memory(&text));
        self.handler_memory = self.handler_memory.max(memory);
    }

    /// Seconds of CPU time since the first look: of each process, and of everything else on the machine.
    pub(super) fn seconds(&self) -> Option<BTreeMap<&'static str, f64>> {
        let mut seconds: BTreeMap<&'static str, f64> = BTreeMap::new();
        let mut ours = 0;
        for ((name, _), (before, now)) in &self.ticks {
            let ticks = now.saturating_sub(*before);
            ours += ticks;
            *seconds.entry(name).or_default() += to_seconds(ticks);
        }
        let (before, now) = self.machine.filter(|_| !seconds.is_empty())?;
        let others = now.saturating_sub(before).saturating_sub(ours);
        seconds.insert("others", to_seconds(others));
        Some(seconds)
    }
}

fn to_seconds(ticks: u64) -> f64 {
    ticks as f64 / TICKS
}

fn read(path: &str) -> Option<String> {
    std::fs::read_to_string(path).ok()
}

/// User and system time of a process. Its name, in brackets, may hold anything, also brackets.
fn cpu_ticks(stat: &str) -> Option<u64> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_ascii_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

/// Busy time of all cores: all but idle and waiting for disks. Guests are in user time already.
fn busy_ticks(stat: &str) -> Option<u64> {
    let line = stat.lines().next()?.strip_prefix("cpu ")?;
    let times = line
        .split_ascii_whitespace()
        .take(8)
        .map(|time| time.parse().ok());
    let times = times.collect::<Option<Vec<u64>>>()?;
    let idle: u64 = times.iter().skip(3).take(2).sum();
    Some(times.iter().sum::<u64>().saturating_sub(idle))
}

/// The highest resident set so far, in bytes.
fn peak_memory(status: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.split_ascii_whitespace().next()?.parse().ok()?;
    Some(kibibytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_memory_are_found_in_what_linux_says() {
        let stat = "42 (a (b) c) S 1 42 42 0 -1 4194560 9 8 7 6 250 50 1 2 20 0 5 0 99 1 2";
        assert_eq!(cpu_ticks(stat), Some(300));
        assert_eq!(cpu_ticks("nothing"), None);
        let machine = "cpu  100 1 20 900 30 4 5 6 50 0\ncpu0 1 2 3\n";
        assert_eq!(busy_ticks(machine), Some(136));
        let status = "Name:\thandler\nVmPeak:\t 9 kB\nVmHWM:\t   2048 kB\nVmRSS:\t 1 kB\n";
        assert_eq!(peak_memory(status), Some(2_097_152));
        assert_eq!(peak_memory("Name:\tx\n"), None);
    }

    #[test]
    fn a_handler_that_was_started_again_counts_twice() {
        let mut usage = Usage::default();
        usage.ticks.insert(("handler", 1), (100, 300));
        usage.ticks.insert(("handler", 2), (0, 50));
        usage.ticks.insert(("sluice", 3), (0, 100));
        usage.machine = Some((1_000, 1_500));
        let seconds = usage.seconds().unwrap();
        assert_eq!(seconds["handler"], 2.5);
        assert_eq!(seconds["sluice"], 1.0);
        assert_eq!(seconds["others"], 1.5);
        assert_eq!(Usage::default().seconds(), None);
    }
}
