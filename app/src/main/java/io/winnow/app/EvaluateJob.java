package io.winnow.app;

import io.winnow.core.WinnowException;
import io.winnow.lifecycle.jobs.Job;
import io.winnow.lifecycle.jobs.JobContext;
import io.winnow.lifecycle.jobs.JobFailure;
import io.winnow.lifecycle.jobs.JobFailure.Remedy;
import io.winnow.lifecycle.jobs.JobRun;
import io.winnow.lifecycle.registry.Rollout;
import io.winnow.lifecycle.rollout.GateReport;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Judges a release by the offline gate, in a process of its own; the rollout that waits for it is
 * told.
 */
final class EvaluateJob implements Job {
  /** The result that says how it went: {@code passed}, {@code waiting} or {@code failed}. */
  static final String VERDICT = "verdict";

  private final Node node;
  private final WorkerProcess worker;

  EvaluateJob(Node node, WorkerProcess worker) {
    this.node = node;
    this.worker = worker;
  }

  @Override
  public JobRun.Outcome run(JobContext context) throws InterruptedException {
    Optional<Rollout> open = node.registry().openRollout();
    String candidate =
        context
            .run()
            .order()
            .option("release")
            .or(() -> open.map(Rollout::candidate))
            .orElseThrow(() ->
                new JobFailure(
                    Remedy.NONE,
                    "There is nothing to judge: no rollout is open and no release was named.",
                    "Name one with --release."));
    WorkerOrder.Judging judging =
        new WorkerOrder.Judging(candidate, champion(candidate, open), node.audited());
    GateReport report = report(judging, context);
    context.confirm();
    report
        .checks()
        .forEach(check ->
            context.log(
                "%-14s %s: %s"
                    .formatted(
                        check.name(),
                        check.verdict().name().toLowerCase(java.util.Locale.ROOT),
                        check.text())));
    Map<String, Double> numbers = new TreeMap<>();
    report
        .numbers()
        .forEach((name, value) -> {
          if (Double.isFinite(value)) {
            numbers.put("gate." + name, value);
          }
        });
    node.registry().measure(candidate, numbers);
    String verdict = report.verdict().name().toLowerCase(java.util.Locale.ROOT);
    String text =
        switch (report.verdict()) {
          case PASSED -> "Release " + candidate + " passed the offline gate.";
          case WAITING -> "The offline gate cannot judge " + candidate + " yet: " + report.reason();
          case FAILED -> "Release " + candidate + " failed the offline gate: " + report.reason();
        };
    return JobRun.Outcome.of(
        text + " " + node.judge(report).text() + ".",
        Map.of("release", candidate, VERDICT, verdict));
  }

  /** The gate's, or the one that an earlier attempt of this run had from it. */
  private GateReport report(WorkerOrder.Judging judging, JobContext context)
      throws InterruptedException {
    Path folder = node.data().training().resolve("gate");
    Optional<GateReport> made =
        WorkerOrder.finished(folder, context.run().id())
            .filter(finished -> samePair(judging, finished.order().work().judging()))
            .map(finished -> finished.answer().report());
    if (made.isPresent()) {
      context.log("judged by an earlier attempt");
      return made.get();
    }
    GateReport report =
        worker
            .carryOut(
                node.workerOrder(context.run().id(), new WorkerOrder.Work(null, judging)),
                folder,
                context)
            .report();
    if (report == null) {
      throw WinnowException.invalid("answer", "no report", "a report of the gate");
    }
    return report;
  }

  private static boolean samePair(WorkerOrder.Judging now, WorkerOrder.@Nullable Judging before) {
    return before != null
        && before.candidate().equals(now.candidate())
        && Objects.equals(before.champion(), now.champion());
  }

  private @Nullable String champion(String candidate, Optional<Rollout> open) {
    String champion = node.registry().plan().champion();
    if (open.isPresent() && open.get().candidate().equals(candidate)) {
      champion = open.get().champion().isEmpty() ? null : open.get().champion();
    }
    return candidate.equals(champion) ? null : champion;
  }
}
