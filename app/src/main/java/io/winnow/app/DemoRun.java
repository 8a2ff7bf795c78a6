package io.winnow.app;

import io.winnow.app.demo.ApiClient;
import io.winnow.app.demo.DemoReport;
import io.winnow.app.demo.DemoReport.Evaluation;
import io.winnow.app.demo.DemoReport.FirstSlate;
import io.winnow.app.demo.DemoReport.Setting;
import io.winnow.app.demo.DemoReport.Step;
import io.winnow.app.demo.LiveUsers;
import io.winnow.app.demo.Showcase;
import io.winnow.app.demo.SimulatedClock;
import io.winnow.core.ErrorCode;
import io.winnow.core.LogRecord;
import io.winnow.core.Seed;
import io.winnow.core.UserId;
import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationFile;
import io.winnow.core.application.Presets;
import io.winnow.events.EventLog;
import io.winnow.lifecycle.Release;
import io.winnow.lifecycle.Trainer;
import io.winnow.lifecycle.TrainerConfig;
import io.winnow.lifecycle.TrainingRequest;
import io.winnow.lifecycle.TrainingRequests;
import io.winnow.lifecycle.evaluation.EvaluationTable;
import io.winnow.lifecycle.evaluation.Evaluator;
import io.winnow.serving.http.HttpConfig;
import io.winnow.serving.http.HttpServer;
import io.winnow.serving.http.Page;
import io.winnow.simulator.World;
import io.winnow.simulator.WorldConfig;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * One demo from an empty folder to live users: the steps in their order, each timed.
 *
 * <p>One thread takes the steps; any may ask for the {@link #report()}.
 */
final class DemoRun implements AutoCloseable {
  private static final int HISTORY_BATCH = 5_000;

  /** The page's data changes whenever a step ends and after so many live visits. */
  private static final int SNAPSHOT_EVERY = 100;

  /** In the manifest of every release that has a ranker. */
  private static final String RANKER_METRIC = "ranker.ndcg@10";

  private static final int PEOPLE = 3;
  private static final int SLATE = 10;

  /**
   * How much the demo does.
   *
   * @param world whose users and items it plays with
   * @param nowMs the world's time when history ends, epoch milliseconds
   * @param training of the release
   * @param heldOutShare the newest share of choices, which training does not see
   */
  record Plan(WorldConfig world, long nowMs, TrainerConfig training, double heldOutShare) {}

  private final Plan plan;
  private final DataFolder data;
  private final ApplicationFile application;
  private final ConsoleProgress progress;
  private final long startedMs;
  private final SimulatedClock clock;
  private final World world;
  private final Node node;
  private final Seed seed;
  private final List<Step> steps = new ArrayList<>();
  private final Map<UserId, Long> historyEvents = new HashMap<>();
  private @Nullable HttpServer server;
  private @Nullable ApiClient client;
  private @Nullable LiveUsers users;
  private @Nullable EvaluationTable table;
  private @Nullable FirstSlate firstSlate;
  private List<Showcase.Person> people = List.of();
  private volatile DemoReport report;

  /**
   * @param data an empty folder
   * @param startedMs when the process started, by the machine's clock
   */
  DemoRun(
      Plan plan,
      DataFolder data,
      ApplicationFile application,
      ConsoleProgress progress,
      long startedMs) {
    this.plan = plan;
    this.data = data;
    this.application = application;
    this.progress = progress;
    this.startedMs = startedMs;
    this.clock = new SimulatedClock(plan.nowMs());
    this.world = new World(plan.world(), plan.nowMs());
    this.seed = new Seed(plan.world().seed());
    this.node = Node.open(data, application, clock);
    this.report = snapshot();
  }

  /**
   * The application of the demo: the preset for short clips, and an experiment to look at.
   *
   * @param environment replaces single values of it
   */
  static ApplicationFile application(Map<String, String> environment) {
    String experiments = new String(resource("demo/experiments.yaml"), StandardCharsets.UTF_8);
    return ApplicationFile.parse(
        Presets.text("shorts") + experiments, ApplicationFile.NAME, environment);
  }

  /** What happened so far. Thread-safe. */
  DemoReport report() {
    return report;
  }

  /** The evaluation's table. */
  EvaluationTable table() {
    return Objects.requireNonNull(table, "evaluate first");
  }

  /** Writes the world's past to the log. */
  void history() {
    long began = System.nanoTime();
    progress.step("history", "the world's past goes into the log");
    EventLog log = node.log();
    List<LogRecord> batch = new ArrayList<>(HISTORY_BATCH);
    Iterator<LogRecord> past = world.history().iterator();
    while (past.hasNext()) {
      LogRecord record = past.next();
      batch.add(record);
      if (record instanceof LogRecord.Happened(var event) && event.impression() == null) {
        historyEvents.merge(event.user(), 1L, Long::sum);
      }
      if (batch.size() == HISTORY_BATCH || !past.hasNext()) {
        append(batch);
        batch.clear();
      }
    }
    done(
        "history",
        began,
        "%,d records of %,d items and %,d active users in %d days, on disk and in the feature store"
            .formatted(
                log.endOffset(),
                node.store().catalog().size(),
                historyEvents.size(),
                plan.world().historyDays()));
  }

  private void append(List<LogRecord> batch) {
    for (EventLog.Verdict verdict : node.log().append(batch)) {
      if (verdict.status() != EventLog.Verdict.Status.ACCEPTED) {
        throw new WinnowException(ErrorCode.INTERNAL, "the world's history: " + verdict);
      }
    }
  }

  /** Trains on the older part of the log, publishes and activates. */
  Trained train() {
    long began = System.nanoTime();
    TrainingRequests requests = new TrainingRequests(application.definition());
    node.log().replay(requests);
    List<TrainingRequest.Chosen> choices = requests.choices();
    long cut = choices.get((int) (choices.size() * (1 - plan.heldOutShare()))).asOfOffset();
    Trainer trainer = new Trainer(application, plan.training(), clock, progress);
    Release release = trainer.train(node.log(), cut);
    if (!release.manifest().metrics().containsKey(RANKER_METRIC)) {
      throw new WinnowException(ErrorCode.INTERNAL, "demo: the release has no ranker");
    }
    release.publish(node.releases());
    node.promote(release.version(), PromotionGate.Promotion.AUDITED);
    done(
        "train",
        began,
        trainer.seconds().entrySet().stream()
            .map(step -> "%s %.1f".formatted(step.getKey(), step.getValue()))
            .collect(Collectors.joining(", ", "seconds: ", "")));
    return new Trained(release, cut, new LinkedHashMap<>(trainer.seconds()));
  }

  /**
   * A release that serves.
   *
   * @param cut it has seen the records below this offset
   * @param seconds of each training step
   */
  record Trained(Release release, long cut, Map<String, Double> seconds) {}

  /** Starts the server and asks it for its first slate. */
  void serve(int port) {
    long began = System.nanoTime();
    HttpServer started =
        node.serve(
            new HttpConfig(HttpConfig.DEFAULT.host(), port, Map.of(), HttpConfig.Limits.DEFAULT),
            Map.of(
                "/",
                new Page("text/html; charset=utf-8", () -> resource("demo/page.html")),
                "/demo.json",
                new Page(
                    "application/json",
                    () -> Json.write(report).getBytes(StandardCharsets.UTF_8))));
    server = started;
    client = new ApiClient(started.uri());
    UserId user =
        historyEvents.entrySet().stream()
            .max(
                Map.Entry.<UserId, Long>comparingByValue()
                    .thenComparing(entry -> entry.getKey().value()))
            .orElseThrow()
            .getKey();
    List<ApiClient.Line> items = client.recommendPatiently(user, SLATE).items();
    double seconds = (System.currentTimeMillis() - startedMs) / 1e3;
    firstSlate = new FirstSlate(user.value(), seconds, items);
    progress.line("first slate, for user %s, %.1f s after the start:".formatted(user, seconds));
    for (ApiClient.Line item : items) {
      progress.line("%4d  %-50s %s".formatted(item.position() + 1, item.title(), item.reason()));
    }
    done("serve", began, "listening on " + started.uri());
  }

  private static byte[] resource(String name) {
    try (InputStream in = Objects.requireNonNull(DemoRun.class.getResourceAsStream(name), name)) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Measures the release on what it has not seen. */
  void evaluate(Trained trained) {
    long began = System.nanoTime();
    EvaluationTable measured =
        new Evaluator(application, plan.training(), clock, progress)
            .evaluate(trained.release(), node.log(), trained.cut(), trained.seconds());
    table = measured;
    done("evaluate", began, "%,d choices behind the cut".formatted(measured.targets()));
  }

  /**
   * Lets live users come.
   *
   * @param visits how many
   * @param seconds no more begin after so long
   */
  void live(int visits, double seconds) {
    long began = System.nanoTime();
    progress.step("live users", "%,d visits, one after the other".formatted(visits));
    users = new LiveUsers(world, node.log(), node.store(), clock, client(), seed);
    long before = node.log().endOffset();
    int visited = 0;
    while (visited < visits && System.nanoTime() - began < seconds * 1e9) {
      users.visit();
      visited++;
      if (visited % SNAPSHOT_EVERY == 0) {
        report = snapshot();
      }
    }
    done(
        "live users",
        began,
        "%,d visits in %.1f days, %,d more records"
            .formatted(
                visited,
                (clock.nowMs() - plan.nowMs()) / 86_400_000.0,
                node.log().endOffset() - before));
    requireAllStages();
    people = Showcase.people(historyEvents.keySet(), node.store(), client(), seed, PEOPLE);
    report = snapshot();
  }

  /** A demo that hides what does not work would be worse than none. */
  private void requireAllStages() {
    List<String> dead = report.deadStages();
    if (!dead.isEmpty()) {
      throw new WinnowException(
          ErrorCode.INTERNAL, "demo: not all stages work: " + String.join("; ", dead));
    }
  }

  /** Lets one more live user come. */
  void visit() {
    Objects.requireNonNull(users, "live first").visit();
    report = snapshot();
  }

  private ApiClient client() {
    return Objects.requireNonNull(client, "serve first");
  }

  private void done(String name, long beganNanos, String detail) {
    Step step = new Step(name, detail, (System.nanoTime() - beganNanos) / 1e9);
    steps.add(step);
    progress.line("%-12s done in %.1f s: %s".formatted(name, step.seconds(), detail));
    report = snapshot();
  }

  private DemoReport snapshot() {
    return new DemoReport(
        new Setting(
            plan.world().seed(),
            server == null ? "" : server.uri().toString(),
            data.path().toAbsolutePath().normalize().toString(),
            node.pipeline().release(),
            node.store().catalog().size(),
            node.log().endOffset(),
            clock.nowMs()),
        steps,
        firstSlate,
        table == null ? null : Evaluation.of(table),
        users == null ? null : users.summary(),
        people);
  }

  @Override
  public void close() {
    if (client != null) {
      client.close();
    }
    if (server != null) {
      server.close();
    }
    node.close();
  }
}
