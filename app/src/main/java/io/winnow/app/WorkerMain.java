package io.winnow.app;

import io.winnow.core.ErrorCode;
import io.winnow.core.Seed;
import io.winnow.core.TimeSource;
import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.core.application.ApplicationFile;
import io.winnow.core.application.Engines;
import io.winnow.events.EventLog;
import io.winnow.events.EventLogConfig;
import io.winnow.events.EventLogs;
import io.winnow.events.KafkaLogConfig;
import io.winnow.events.RecordSource;
import io.winnow.features.AuditReport;
import io.winnow.features.HeldFeatures;
import io.winnow.features.StateFolders;
import io.winnow.lifecycle.Release;
import io.winnow.lifecycle.ReleaseManifest;
import io.winnow.lifecycle.ReleaseStore;
import io.winnow.lifecycle.Trainer;
import io.winnow.lifecycle.TrainerConfig;
import io.winnow.lifecycle.TrainerSettings;
import io.winnow.lifecycle.TrainingCheckpoints;
import io.winnow.lifecycle.TrainingProgress;
import io.winnow.lifecycle.TrainingRequests;
import io.winnow.lifecycle.TrainingStart;
import io.winnow.lifecycle.rollout.GateReport;
import io.winnow.lifecycle.rollout.Holdout;
import io.winnow.lifecycle.rollout.OfflineGate;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * A process of its own that trains or judges a release, so that what takes it down takes nothing
 * else along. It reads the log beside its writer, publishes bundles, and touches no database; what
 * it says on standard output are lines for the job's log. It ends when its standard input does, so
 * that it does not outlive the server that started it.
 */
final class WorkerMain {
  /** The field that a failure names where there is nothing new behind a release's data. */
  static final String NOTHING_NEW = "events.new";

  private WorkerMain() {}

  /**
   * Carries out the order of a folder and leaves the answer there.
   *
   * @param args the folder
   */
  public static void main(String[] args) {
    PrintWriter out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
    Thread.ofPlatform().daemon().name("winnow-worker-leash").start(WorkerMain::endWithParent);
    int exit = ExitCode.DEFECT.value();
    try {
      answer(Path.of(args[0]), out);
      exit = ExitCode.OK.value();
    } catch (WinnowException e) {
      // The answer cannot be written: the last line is what the server gets to know.
      exit = ExitCode.of(e.code()).value();
      out.println(e.getMessage());
    } catch (Throwable e) {
      // A library that does not load, memory that is not there: nothing goes on here.
      e.printStackTrace(out);
      out.println(e);
    } finally {
      out.flush();
      // Native threads of the networks' libraries would keep it alive.
      Runtime.getRuntime().halt(exit);
    }
  }

  private static void answer(Path folder, PrintWriter out) {
    WorkerOrder.Answer answer;
    try {
      answer = carryOut(folder, WorkerOrder.read(folder), out);
    } catch (WinnowException e) {
      answer = failed(e.code(), String.valueOf(e.getMessage()));
    } catch (RuntimeException e) {
      e.printStackTrace(out);
      answer = failed(ErrorCode.INTERNAL, e.toString());
    }
    WorkerOrder.answer(folder, answer);
  }

  private static WorkerOrder.Answer failed(ErrorCode code, String text) {
    return new WorkerOrder.Answer(new WorkerOrder.Failure(code, String.valueOf(text)), "", null);
  }

  private static void endWithParent() {
    try {
      while (System.in.read() >= 0) {
        // Nobody sends anything.
      }
    } catch (IOException e) {
      // The other end is gone, which is what is waited for.
    }
    Runtime.getRuntime().halt(ExitCode.DEPENDENCY.value());
  }

  private static WorkerOrder.Answer carryOut(Path folder, WorkerOrder order, PrintWriter out) {
    ApplicationFile application =
        ApplicationFile.read(Path.of(order.application()), System.getenv());
    DataFolder data = new DataFolder(Path.of(order.data()));
    ApplicationDefinition definition = application.definition();
    ReleaseStore releases = data.releaseStore(definition.operations().engines());
    return switch (definition.operations().engines().log()) {
      case Engines.LogEngine.Embedded _ ->
          carryOut(
              new Parts(data, application, releases, folder, out),
              order,
              EventLogs.readPrefix(EventLogConfig.in(data.log()), order.toOffset()));
      case Engines.LogEngine.Kafka kafka -> {
        // Which records are repetitions is known by having read them: its own index, kept for the
        // next worker of the kind; one of another kind may be at work beside it.
        String kind = order.work().training() == null ? "gate" : "train";
        Path own = data.of(kafka).path().resolve("worker-log-" + kind);
        try (EventLog log =
            EventLogs.openKafka(
                KafkaLogConfig.of(kafka, own),
                definition.schema(),
                TimeSource.system(),
                List.of())) {
          yield carryOut(
              new Parts(data, application, releases, folder, out),
              order,
              RecordSource.prefix(log, order.toOffset()));
        }
      }
    };
  }

  private record Parts(
      DataFolder data,
      ApplicationFile application,
      ReleaseStore releases,
      Path folder,
      PrintWriter out) {}

  private static WorkerOrder.Answer carryOut(Parts parts, WorkerOrder order, RecordSource log) {
    WorkerOrder.Training training = order.work().training();
    if (training != null) {
      return new WorkerOrder.Answer(null, train(parts, training, log).version(), null);
    }
    WorkerOrder.Judging judging = order.work().judging();
    if (judging == null) {
      throw WinnowException.invalid("order", "empty", "a training or a judging");
    }
    return new WorkerOrder.Answer(null, "", judge(parts, judging, log));
  }

  private static ReleaseManifest train(
      Parts parts, WorkerOrder.Training training, RecordSource log) {
    TrainerConfig defaults =
        TrainerConfig.defaults(training.seed(), Runtime.getRuntime().availableProcessors());
    TrainerConfig config =
        training.settings() == null
            ? defaults
            : TrainerSettings.read(Path.of(training.settings()), defaults);
    TrainingRequests requests = new TrainingRequests(parts.application.definition());
    log.replay(0, log.endOffset(), requests);
    long toOffset = log.endOffset();
    if (training.holdout()) {
      Holdout holdout =
          Holdout.choose(
              parts.application.definition(), requests, toOffset, config.split().minChoices());
      toOffset = holdout.toOffset();
      parts.out.printf(
          "data         %,d outcomes to learn from, the newest %,d left out for the gate%n",
          holdout.trainingOutcomes(), holdout.heldOutcomes());
    }
    requireNews(parts, training, requests, toOffset);
    TrainingProgress progress = new ConsoleProgress(parts.out);
    TrainingCheckpoints checkpoints = new TrainingCheckpoints(parts.folder.resolve("checkpoints"));
    Trainer trainer =
        new Trainer(parts.application, config, TimeSource.system(), progress, checkpoints);
    ReleaseManifest manifest =
        trainer
            .train(log, toOffset, start(parts, training, config, progress))
            .publish(parts.releases);
    checkpoints.remove();
    return manifest;
  }

  /**
   * A candidate is to know more than the release that it would replace or goes on from. One that
   * learnt the whole log leaves it nothing until more outcomes came than are left out for the gate.
   */
  private static void requireNews(
      Parts parts, WorkerOrder.Training training, TrainingRequests requests, long toOffset) {
    String before = training.insists() ? training.parent() : training.champion();
    if (before == null) {
      return;
    }
    long known = parts.releases.manifest(before).provenance().toOffset();
    boolean news =
        requests.choices().stream()
            .anyMatch(choice -> choice.asOfOffset() >= known && choice.asOfOffset() < toOffset);
    if (!news) {
      throw WinnowException.invalid(
          NOTHING_NEW,
          "none behind offset %,d, where the data of release %s ends, but for those that are left"
                  .formatted(known, before)
              + " out for the gate",
          "at least one");
    }
  }

  private static TrainingStart start(
      Parts parts, WorkerOrder.Training training, TrainerConfig config, TrainingProgress progress) {
    if (training.parent() == null) {
      return TrainingStart.full();
    }
    Release parent = Release.load(parts.releases, training.parent());
    return training.insists()
        ? TrainingStart.from(parent)
        : TrainingStart.fromOrFull(parent, parts.application, config, progress);
  }

  private static GateReport judge(Parts parts, WorkerOrder.Judging judging, RecordSource log) {
    ApplicationDefinition definition = parts.application.definition();
    DataFolder ofLog = parts.data.of(definition.operations().engines().log());
    List<StateFolders.Contents> stores = StateFolders.list(ofLog.features());
    HeldFeatures held =
        stores.isEmpty() ? HeldFeatures.of(definition) : stores.getFirst().features();
    AuditReport audit =
        new AuditReport(0, 0, Map.of(), judging.audited(), Map.of(), Map.of(), List.of());
    return new OfflineGate(
            definition,
            parts.releases,
            held,
            OfflineGate.Settings.of(definition, new Seed(1)),
            (step, done, all) ->
                parts.out.println(all == 0 ? step : step + " " + done + " of " + all))
        .judge(judging.candidate(), judging.champion(), log, audit);
  }
}
