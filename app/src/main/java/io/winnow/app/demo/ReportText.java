package io.winnow.app.demo;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** A finished demo's report for people to read on a terminal. */
public final class ReportText {
  private final StringBuilder text = new StringBuilder();

  private ReportText() {}

  /**
   * Writes a report.
   *
   * @param table the evaluation's table as text
   */
  public static String of(DemoReport report, String table) {
    ReportText writer = new ReportText();
    writer.steps(report);
    DemoReport.FirstSlate first = report.firstSlate();
    if (first != null) {
      writer.heading("First slate");
      writer.line(
          "%.1f s after the start of the process, for user %s"
              .formatted(first.secondsAfterStart(), first.user()));
    }
    writer.heading("Sources and models on choices that training did not see");
    writer.text.append(table.stripTrailing()).append('\n');
    writer.line(
        "Nobody could choose what the old feed did not show, so this table favours what the");
    writer.line("old feed favoured. The live comparison below has no such bias.");
    if (report.live() != null) {
      writer.live(report.live());
    }
    report.people().forEach(writer::person);
    writer.heading("Where it is");
    writer.line("data     " + report.setting().data());
    writer.line("release  " + report.setting().release());
    writer.line(
        "page     " + report.setting().url() + "/   interface " + report.setting().url() + "/docs");
    writer.line(
        "an experiment that runs: %s/v1/experiments/exploration/report, or later ./winnow experiments report exploration --data %s"
            .formatted(report.setting().url(), report.setting().data()));
    return writer.text.toString();
  }

  private void heading(String title) {
    text.append('\n').append(title).append('\n').append("-".repeat(title.length())).append('\n');
  }

  private void line(String line) {
    text.append(line.stripTrailing()).append('\n');
  }

  private void steps(DemoReport report) {
    heading("What happened");
    for (DemoReport.Step step : report.steps()) {
      line("%-12s %6.1f s  %s".formatted(step.name(), step.seconds(), step.detail()));
    }
  }

  private void live(LiveUsers.Summary live) {
    heading("Live users: clicks per slate");
    arm("winnow", live.winnow());
    arm("popularity", live.popularity());
    line(
        "lift         %+.0f %%  [%+.0f, %+.0f]   (95 %% intervals, by user)"
            .formatted(
                100 * live.lift().value(), 100 * live.lift().low(), 100 * live.lift().high()));
    LiveUsers.ReferenceSummary references = live.references();
    line(
        "expected at %,d of these moments: random items %.2f, the world's own best %.2f"
            .formatted(references.moments(), references.random(), references.oracle()));
    heading("Answers over HTTP");
    line(
        "GET /v1/recommendations, %,d calls, one at a time (closed loop), clients and server on this machine"
            .formatted(live.latency().count()));
    line("%-14s %8s %8s %8s %8s".formatted("ms", "p50", "p95", "p99", "max"));
    latency("client", live.latency());
    live.stages().forEach((stage, values) -> latency("  " + stage, values));
    line(
        "degraded     %,d%s"
            .formatted(
                live.degraded(),
                live.degradedStages().isEmpty() ? "" : " " + live.degradedStages()));
    line("sources      " + shares(live.sources()));
  }

  private void arm(String name, LiveUsers.ArmSummary arm) {
    line(
        "%-12s %.3f  [%.3f, %.3f]   %,d clicks on %,d slates of %,d users"
            .formatted(
                name,
                arm.clicksPerSlate().value(),
                arm.clicksPerSlate().low(),
                arm.clicksPerSlate().high(),
                arm.clicks(),
                arm.slates(),
                arm.users()));
  }

  private void latency(String name, Percentiles values) {
    line(
        "%-14s %8.1f %8.1f %8.1f %8.1f"
            .formatted(name, values.p50Ms(), values.p95Ms(), values.p99Ms(), values.maxMs()));
  }

  private static String shares(Map<String, Long> counts) {
    double total = counts.values().stream().mapToLong(Long::longValue).sum();
    return counts.entrySet().stream()
        .sorted(Map.Entry.<String, Long>comparingByValue().reversed())
        .map(source -> "%s %.0f %%".formatted(source.getKey(), 100 * source.getValue() / total))
        .collect(Collectors.joining(", "));
  }

  private void person(Showcase.Person person) {
    heading(
        "User %s%s, likes %s"
            .formatted(
                person.user(),
                person.attributes().values().stream()
                    .map(value -> ", " + value)
                    .collect(Collectors.joining()),
                person.favourite()));
    line("history, newest first:");
    for (Showcase.Seen seen : person.history()) {
      line(
          "      %-46s %-12s %s"
              .formatted(
                  shorten(seen.title(), 46), shorten(seen.category(), 12), time(seen.timeMs())));
    }
    line("slate:");
    slate(person.slate());
  }

  private void slate(List<ApiClient.Line> items) {
    for (ApiClient.Line item : items) {
      line(
          "  %2d  %-46s %-12s %6.3f  %-13s %s"
              .formatted(
                  item.position() + 1,
                  shorten(item.title(), 46),
                  shorten(item.category(), 12),
                  item.score(),
                  item.source(),
                  item.reason()));
    }
  }

  /** To the minute. */
  private static String time(long epochMs) {
    return Instant.ofEpochMilli(epochMs).toString().substring(0, 16).replace('T', ' ');
  }

  private static String shorten(String text, int length) {
    return text.length() <= length ? text : text.substring(0, length - 1) + "…";
  }
}
