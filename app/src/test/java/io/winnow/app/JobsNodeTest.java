package io.winnow.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.ErrorCode;
import io.winnow.core.LogRecord;
import io.winnow.core.TimeSource;
import io.winnow.core.UserId;
import io.winnow.core.WinnowException;
import io.winnow.harness.KafkaBroker;
import io.winnow.lifecycle.ReleaseManifest;
import io.winnow.lifecycle.jobs.Job;
import io.winnow.lifecycle.jobs.JobFailure;
import io.winnow.lifecycle.jobs.JobKind;
import io.winnow.lifecycle.jobs.JobQueue;
import io.winnow.lifecycle.jobs.JobRun;
import io.winnow.lifecycle.jobs.JobRunner;
import io.winnow.lifecycle.jobs.JobState;
import io.winnow.lifecycle.registry.Cause;
import io.winnow.lifecycle.registry.Rollout;
import io.winnow.serving.RecommendationRequest;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The jobs of a node with its real parts, and what happens when these fail: each time the champion
 * answers on, and the run tells what happened and what to do.
 */
@Timeout(300)
final class JobsNodeTest {
  private static final UserId USER = new UserId("u1");
  private static final Duration POLL = Duration.ofMillis(50);

  private static final String APPLICATION =
      ClickDataSet.APPLICATION + "retraining: { attempts: 3 }\n";

  private static final String QUICK =
      """
      encoder:
        training:
          epochs: 2
      encoder_refit:
        training:
          epochs: 1
      """;

  @TempDir private static Path base;
  private static Path settings;
  private static String first;

  /** Imports, and has the first release trained by a job; each test works on a copy. */
  @BeforeAll
  static void importAndTrain() throws Exception {
    Path dataset = ClickDataSet.write(base.resolve("dataset"), APPLICATION, 800, 40, 0);
    settings = base.resolve("quick.yaml");
    Files.writeString(settings, QUICK);
    String data = base.resolve("data").toString();
    assertEquals(
        0, command("import", "--dataset", dataset.toString(), "--data", data, "--no-train"));
    assertEquals(
        0,
        command(
            "jobs",
            "run",
            "train",
            "--data",
            data,
            "--key",
            "first",
            "--settings",
            settings.toString()));
    try (Node node = open(new DataFolder(base.resolve("data")))) {
      first = node.pipeline().release();
      assertEquals(first, node.registry().plan().champion());
    }
    assertFalse(Files.exists(base.resolve("data/training/job/checkpoints/encoder")), "removed");
  }

  private static final StringWriter SAID = new StringWriter();

  private static int command(String... args) {
    PrintWriter out = new PrintWriter(SAID);
    int code = Main.run(Map.of(), out, out, args);
    assertTrue(code == 0 || !SAID.toString().isEmpty());
    if (code != 0) {
      System.err.println(SAID);
    }
    return code;
  }

  private static DataFolder copy(Path to) throws IOException {
    FileTree.copy(base.resolve("data"), to.resolve("data"));
    return new DataFolder(to.resolve("data"));
  }

  private static Node open(DataFolder folder) {
    return Node.open(folder, folder.application(null, Map.of()), TimeSource.system());
  }

  /** Jobs that poll often and pause shortly between attempts. */
  private static JobService jobs(Node node, Map<String, String> environment) {
    return node.startJobs(new JobService.Options(environment, false, false, config(node)));
  }

  private static JobRunner.Config config(Node node) {
    return new JobRunner.Config(
        node.status().server(),
        2,
        POLL,
        Duration.ofMillis(500),
        Duration.ofMillis(50),
        Duration.ofMinutes(4));
  }

  private static JobQueue.Request request(JobKind kind, String key, Map<String, String> options) {
    return new JobQueue.Request(kind, key, "a test", "person:test", 3, options);
  }

  private static Map<String, String> quick() {
    return Map.of("settings", settings.toString(), "from", "none");
  }

  /** Waits for the end of a run and asks the champion all the while. */
  private static JobRun end(Node node, JobService jobs, JobRun ordered) throws Exception {
    JobRun run = ordered;
    int answers = 0;
    while (!run.state().isEnd()) {
      assertChampionAnswers(node);
      answers++;
      run = jobs.queue().get(run.id());
    }
    assertChampionAnswers(node);
    assertTrue(answers > 0, "asked while it ran");
    return run;
  }

  private static void assertChampionAnswers(Node node) {
    assertEquals(first, node.pipeline().release());
    assertFalse(
        node.pipeline()
            .recommend(
                new RecommendationRequest(
                    "r" + System.nanoTime(),
                    USER,
                    10,
                    "",
                    Map.of(),
                    Set.of(),
                    Map.of(),
                    Duration.ofSeconds(10)))
            .items()
            .isEmpty());
  }

  private static String log(JobService jobs, JobRun run) {
    StringBuilder text = new StringBuilder();
    jobs.queue().lines(run.id(), 0, 2_000).forEach(l -> text.append(l.text()).append('\n'));
    return text.toString();
  }

  @Test
  void train_besideAChampion_goesToTheGateAndIsJudgedThere(@TempDir Path folder) throws Exception {
    try (Node node = open(copy(folder))) {
      JobService jobs = jobs(node, Map.of());
      JobRun run = end(node, jobs, jobs.request(request(JobKind.TRAIN, "second", quick())));
      assertEquals(JobState.SUCCEEDED, run.state(), run.toString());
      String second = run.outcome().results().get("release");
      Rollout rollout = node.registry().openRollout().orElseThrow();
      assertEquals(second, rollout.candidate());
      assertEquals(Rollout.Stage.GATE, rollout.stage());
      JobRun judged = end(node, jobs, jobs.request(request(JobKind.EVALUATE, "gate", Map.of())));
      assertEquals(JobState.SUCCEEDED, judged.state(), judged + log(jobs, judged));
      assertEquals(second, judged.outcome().results().get("release"));
      // So few outcomes are no evidence.
      assertEquals("waiting", judged.outcome().results().get("verdict"), judged.toString());
      assertEquals(ExitCode.UNDECIDED, JobsRunCommand.exitCode(judged));
      assertTrue(log(jobs, judged).contains("ndcg@10"), log(jobs, judged));
      assertTrue(
          node.registry().release(second).orElseThrow().metrics().containsKey("gate.whole.files"));
      JobRun step = end(node, jobs, jobs.request(request(JobKind.PROMOTE, "", Map.of())));
      assertEquals("gate", step.outcome().results().get("stage"));
    }
  }

  /** Releases that several servers share lie elsewhere, for the worker as for the server. */
  @Test
  void train_sharedArtifacts_isPublishedAndJudgedThere(@TempDir Path folder) throws Exception {
    DataFolder data = copy(folder);
    Path shared = folder.resolve("shared");
    Files.move(data.releases(), shared);
    Files.writeString(
        data.applicationFile(), APPLICATION + "engines: { artifacts: \"" + shared + "\" }\n");
    try (Node node = open(data)) {
      JobService jobs = jobs(node, Map.of());
      JobRun run = end(node, jobs, jobs.request(request(JobKind.TRAIN, "second", quick())));
      assertEquals(JobState.SUCCEEDED, run.state(), run + log(jobs, run));
      String second = run.outcome().results().get("release");
      assertTrue(Files.exists(shared.resolve(second).resolve("manifest.json")));
      assertFalse(Files.exists(data.releases().resolve(second)));
      JobRun judged = end(node, jobs, jobs.request(request(JobKind.EVALUATE, "gate", Map.of())));
      assertEquals(JobState.SUCCEEDED, judged.state(), judged + log(jobs, judged));
      assertEquals(second, judged.outcome().results().get("release"));
    }
  }

  /** The first release learnt the whole log: a candidate that leaves some out would know less. */
  @Test
  void train_nothingNewBehindTheChampion_endsWithoutAReleaseUnlessAPersonInsists(
      @TempDir Path folder) throws Exception {
    try (Node node = open(copy(folder))) {
      JobService jobs = jobs(node, Map.of());
      Map<String, String> bySchedule = Map.of("settings", settings.toString());
      JobRun run = end(node, jobs, jobs.request(request(JobKind.TRAIN, "due", bySchedule)));
      assertEquals(JobState.FAILED, run.state(), run + log(jobs, run));
      assertEquals(1, run.progress().attempts());
      assertTrue(
          run.outcome().text().startsWith("There is nothing new behind the champion's data yet"),
          run.toString());
      Map<String, String> onwards = Map.of("settings", settings.toString(), "from", "champion");
      JobRun asked = end(node, jobs, jobs.request(request(JobKind.TRAIN, "on", onwards)));
      assertEquals(JobState.FAILED, asked.state(), asked + log(jobs, asked));
      assertEquals(List.of(first), node.releases().versions());
    }
  }

  /** As after a server that was stopped between the publication and the proposal. */
  @Test
  void train_releaseOfAnEarlierAttempt_isTakenUpInsteadOfTrainedAgain(@TempDir Path folder)
      throws Exception {
    try (Node node = open(copy(folder))) {
      JobQueue queue = new JobQueue(node.registry().dataSource(), TimeSource.system());
      JobRun ordered = queue.request(request(JobKind.TRAIN, "made", quick()));
      Path work = Files.createDirectories(node.data().training().resolve("job"));
      WorkerOrder.Training training =
          new WorkerOrder.Training(1, settings.toString(), null, true, first, true);
      node.workerOrder(ordered.id(), new WorkerOrder.Work(training, null)).write(work);
      WorkerOrder.answer(work, new WorkerOrder.Answer(null, first, null));
      JobService jobs = jobs(node, Map.of());
      JobRun run = end(node, jobs, ordered);
      assertEquals(JobState.SUCCEEDED, run.state(), run + log(jobs, run));
      assertEquals(first, run.outcome().results().get("release"));
      assertFalse(log(jobs, run).contains("worker process"), log(jobs, run));
      assertEquals(List.of(first), node.releases().versions());
    }
  }

  /** A gate that always breaks off must not keep every training waiting. */
  @Test
  void gate_thatBreaksOffThreeTimes_endsTheRolloutForAPerson(@TempDir Path folder)
      throws Exception {
    try (Node node = open(copy(folder))) {
      JobService jobs = jobs(node, Map.of());
      JobRun trained = end(node, jobs, jobs.request(request(JobKind.TRAIN, "second", quick())));
      Rollout rollout = node.registry().openRollout().orElseThrow();
      for (int look = 0; look < 3; look++) {
        assertTrue(node.registry().openRollout().isPresent());
        // There is no such release, so the gate cannot judge it.
        JobRun broken =
            jobs.queue()
                .request(
                    new JobQueue.Request(
                        JobKind.EVALUATE,
                        rollout.id() + "/" + (1_000 + look),
                        "a test",
                        "person:test",
                        1,
                        Map.of("release", "r-unknown")));
        JobRun ended = jobs.queue().awaitEnd(broken.id(), _ -> {}, POLL);
        assertEquals(JobState.WAITING, ended.state(), ended + log(jobs, ended));
      }
      new JobPlanner(node, jobs.queue(), false).order();
      Rollout last = node.registry().rollouts(1).getFirst();
      assertEquals(Rollout.Stage.CANCELLED, last.stage(), trained.toString());
      assertTrue(
          last.decisions().getLast().cause().reason().contains("broke off 3 times"),
          last.toString());
      assertChampionAnswers(node);
    }
  }

  @Test
  void worker_optionsOfTheServer_getsOnlyWhatItNeeds() {
    assertEquals(
        List.of(
            "--add-modules=jdk.incubator.vector",
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            "-Dwinnow.home=here",
            "-Dlogback.configurationFile=it.xml"),
        WorkerProcess.passedOn(
            List.of(
                "--add-modules=jdk.incubator.vector",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-Xms4g",
                "-Xmx8g",
                "-XX:MaxRAMPercentage=50",
                "-XX:+HeapDumpOnOutOfMemoryError",
                "-XX:StartFlightRecording=filename=server.jfr",
                "-Xlog:gc:file=gc.log",
                "-Dcom.sun.management.jmxremote.port=9010",
                "-javaagent:agent.jar",
                "-Dwinnow.home=here",
                "-Dlogback.configurationFile=it.xml")));
  }

  @Test
  void worker_diskFullBeforeItCouldAnswer_asksForSpace() {
    JobFailure failure =
        WorkerProcess.died(
            ExitCode.DEPENDENCY.value(),
            new ArrayDeque<>(
                List.of("epoch 1", "cannot write answer.json: No space left on device")));
    assertEquals(JobFailure.Remedy.RETRY, failure.remedy());
    assertTrue(failure.advice().contains("Free space"), failure.advice());
    assertTrue(failure.text().contains("answer.json"), failure.text());
  }

  @Test
  void train_workerKilled_isTriedAgainAndSucceeds(@TempDir Path folder) throws Exception {
    try (Node node = open(copy(folder))) {
      JobService jobs = jobs(node, Map.of());
      JobRun run = jobs.request(request(JobKind.TRAIN, "killed", quick()));
      ProcessHandle worker = worker(node, jobs, run);
      assertTrue(worker.destroyForcibly());
      JobRun done = end(node, jobs, run);
      assertEquals(JobState.SUCCEEDED, done.state(), done.toString());
      assertEquals(2, done.progress().attempts());
      String log = log(jobs, done);
      assertTrue(log.contains("was killed (signal 9)"), log);
      assertTrue(log.contains("what to do: If nobody killed it"), log);
    }
  }

  /** The process that works on a run; the champion is asked until there is one. */
  private static ProcessHandle worker(Node node, JobService jobs, JobRun run) {
    Optional<ProcessHandle> worker = Optional.empty();
    while (worker.isEmpty()) {
      assertChampionAnswers(node);
      worker = worker(jobs.queue(), run);
    }
    return worker.get();
  }

  private static Optional<ProcessHandle> worker(JobQueue queue, JobRun run) {
    return queue.lines(run.id(), 0, 100).stream()
        .map(JobQueue.Line::text)
        .filter(line -> line.startsWith("worker process "))
        .map(line -> Long.parseLong(line.substring("worker process ".length())))
        .findFirst()
        .map(pid -> ProcessHandle.of(pid).orElseThrow());
  }

  @Test
  void train_serverKilled_workerEndsAndTheNextServerGoesOn(@TempDir Path folder) throws Exception {
    DataFolder data = copy(folder);
    Path said = folder.resolve("server.log");
    Process server = serve(data, said);
    JobRun run;
    ProcessHandle worker;
    try {
      // Whoever opens the database first holds it: the server does, and dies with it.
      await(server, said, () -> read(said).contains("listening on"));
      try (JobsDatabase database = JobsDatabase.open(data, data.application(null, Map.of()))) {
        run = database.queue().request(request(JobKind.TRAIN, "outlives", quick()));
        await(server, said, () -> worker(database.queue(), run).isPresent());
        worker = worker(database.queue(), run).orElseThrow();
      }
    } finally {
      server.destroyForcibly().waitFor();
    }
    try {
      worker.onExit().get(1, TimeUnit.MINUTES);
    } finally {
      worker.destroyForcibly();
    }
    try (Node node = open(data)) {
      JobService jobs = jobs(node, Map.of());
      JobRun taken = jobs.queue().get(run.id());
      assertFalse(taken.state().isEnd(), taken.toString());
      JobRun done = end(node, jobs, taken);
      assertEquals(JobState.SUCCEEDED, done.state(), done + log(jobs, done));
      assertEquals(2, done.progress().attempts(), log(jobs, done));
    }
  }

  /** A server in a process of its own, which trains nothing by itself. */
  private static Process serve(DataFolder data, Path log) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(OtherProcess.java());
    command.addAll(WorkerProcess.passedOn(OtherProcess.options()));
    command.add("-Xmx1g");
    command.addAll(OtherProcess.classPath());
    command.addAll(
        List.of(Main.class.getName(), "serve", "--port", "0", "--data", data.path().toString()));
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(log.toFile())
        .start();
  }

  /** Looks again and again as long as the server lives; the class's timeout bounds it. */
  private static void await(Process server, Path said, BooleanSupplier condition)
      throws InterruptedException {
    while (!condition.getAsBoolean()) {
      assertFalse(server.waitFor(20, TimeUnit.MILLISECONDS), () -> "it ended: " + read(said));
    }
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A worker reads the log that the servers share. */
  @Test
  void train_onKafka_readsTheSharedLogAndServes(@TempDir Path folder) throws Exception {
    List<LogRecord> records = new ArrayList<>();
    try (Node node = open(copy(folder))) {
      node.log().replay((_, record) -> records.add(record));
    }
    try (KafkaBroker broker = KafkaBroker.start()) {
      DataFolder data = new DataFolder(Files.createDirectories(folder.resolve("kafka")));
      Files.writeString(
          data.applicationFile(),
          APPLICATION
              + "engines: { log: \"kafka://%s/clips\" }%n".formatted(broker.bootstrapServers()));
      try (Node node = open(data)) {
        node.log().append(records);
        JobService jobs = jobs(node, Map.of());
        JobRun run = jobs.run(request(JobKind.TRAIN, "first", quick()), _ -> {});
        assertEquals(JobState.SUCCEEDED, run.state(), run + log(jobs, run));
        String release = run.outcome().results().get("release");
        assertEquals(release, node.registry().plan().champion());
        assertEquals(release, node.pipeline().release());
        ReleaseManifest.Provenance provenance =
            node.registry().release(release).orElseThrow().manifest().provenance();
        assertEquals(records.size(), provenance.toOffset());
      }
    }
  }

  @Test
  void cancel_training_stopsItsProcess(@TempDir Path folder) throws Exception {
    try (Node node = open(copy(folder))) {
      JobService jobs = jobs(node, Map.of());
      JobRun run = jobs.request(request(JobKind.TRAIN, "cancelled", quick()));
      ProcessHandle worker = worker(node, jobs, run);
      jobs.queue().cancel(run.id());
      JobRun ended = end(node, jobs, run);
      assertEquals(JobState.CANCELLED, ended.state());
      worker.onExit().get();
      assertFalse(worker.isAlive());
      assertTrue(node.registry().openRollout().isEmpty());
    }
  }

  @Test
  void train_heapTooSmall_waitsForAPersonAndNamesTheVariable(@TempDir Path folder)
      throws Exception {
    try (Node node = open(copy(folder))) {
      JobService jobs = jobs(node, Map.of(WorkerProcess.HEAP_VARIABLE, "12m"));
      JobRun run = end(node, jobs, jobs.request(request(JobKind.TRAIN, "heap", quick())));
      assertEquals(JobState.WAITING, run.state(), run + log(jobs, run));
      assertTrue(run.outcome().text().contains("ran out of heap"), run.toString());
      assertTrue(run.outcome().advice().contains(WorkerProcess.HEAP_VARIABLE), run.toString());
      assertEquals(ExitCode.DEPENDENCY, JobsRunCommand.exitCode(run));
    }
  }

  /**
   * At the seam of the worker's answer: what a diverging training says is tested with the trainer
   * (IncrementalTrainingTest), and no setting in range leads there.
   */
  @Test
  void train_diverges_waitsForAPersonAtOnce(@TempDir Path folder) throws Exception {
    WorkerOrder.Failure said =
        new WorkerOrder.Failure(
            ErrorCode.INTERNAL,
            "encoder.loss: NaN in epoch 1 (expected: a finite number); the training diverged and"
                + " gives no release");
    try (Node node = open(copy(folder))) {
      JobRun run =
          end(
              node,
              _ -> {
                throw WorkerProcess.failed(said);
              });
      assertEquals(JobState.WAITING, run.state(), run.toString());
      assertEquals(said.text(), run.outcome().text());
      assertTrue(run.outcome().advice().contains("learning rate"), run.toString());
      assertEquals(1, run.progress().attempts());
    }
  }

  /** A publication whose bundle writer meets the kernel's own full device. */
  @Test
  void train_diskFull_publishesNothingAndIsTriedAgainBeforeAPersonIsNeeded(@TempDir Path folder)
      throws Exception {
    try (Node node = open(copy(folder))) {
      List<String> before = node.releases().versions();
      ReleaseManifest draft = node.releases().manifest(first);
      JobRun run =
          end(
              node,
              _ -> {
                try {
                  node.releases()
                      .publish(
                          new ReleaseManifest(
                              "r-full",
                              draft.createdMs(),
                              draft.application(),
                              draft.schemaHash(),
                              Map.of(),
                              draft.provenance(),
                              Map.of()),
                          _ -> Files.write(Path.of("/dev/full"), new byte[1 << 16]));
                } catch (WinnowException e) {
                  throw WorkerProcess.failed(
                      new WorkerOrder.Failure(e.code(), String.valueOf(e.getMessage())));
                }
                return JobRun.Outcome.NONE;
              });
      assertEquals(JobState.WAITING, run.state(), run.toString());
      assertEquals(3, run.progress().attempts());
      assertTrue(run.outcome().text().contains("No space left on device"), run.toString());
      assertTrue(run.outcome().advice().contains("Free space"), run.toString());
      assertEquals(before, node.releases().versions());
    }
  }

  /**
   * Has work done by a runner of its own on the node's database; the champion answers meanwhile.
   */
  private static JobRun end(Node node, Job work) throws Exception {
    try (JobRunner runner =
        JobRunner.start(
            node.registry().dataSource(),
            Map.of(JobKind.TRAIN, work),
            List.of(),
            config(node),
            TimeSource.system())) {
      JobRun run = runner.queue().request(request(JobKind.TRAIN, "fails", Map.of()));
      int answers = 0;
      while (!run.state().isEnd()) {
        assertChampionAnswers(node);
        answers++;
        run = runner.queue().get(run.id());
      }
      assertChampionAnswers(node);
      assertTrue(answers > 0, "asked while it ran");
      return run;
    }
  }

  @Test
  void evaluate_damagedCandidate_isRejectedByNameOfTheFile(@TempDir Path folder) throws Exception {
    try (Node node = open(copy(folder))) {
      JobService jobs = jobs(node, Map.of());
      JobRun trained = end(node, jobs, jobs.request(request(JobKind.TRAIN, "second", quick())));
      String second = trained.outcome().results().get("release");
      Path damaged = node.releases().file(second, "encoder-vectors.bin");
      Files.write(damaged, new byte[] {1, 2, 3}, StandardOpenOption.TRUNCATE_EXISTING);
      JobRun run = end(node, jobs, jobs.request(request(JobKind.EVALUATE, "gate", Map.of())));
      assertEquals(JobState.SUCCEEDED, run.state(), run + log(jobs, run));
      assertEquals("failed", run.outcome().results().get("verdict"));
      assertTrue(run.outcome().text().contains("encoder-vectors.bin"), run.toString());
      assertEquals(ExitCode.FINDING, JobsRunCommand.exitCode(run));
      assertTrue(node.registry().openRollout().isEmpty());
      assertEquals(Rollout.Stage.REJECTED, node.registry().rollouts(1).getFirst().stage());
    }
  }

  @Test
  void batch_allUsers_writesWholeFilesOnceForAKey(@TempDir Path folder) throws Exception {
    try (Node node = open(copy(folder))) {
      long before = node.log().endOffset();
      JobService jobs = jobs(node, Map.of());
      JobRun run = jobs.run(request(JobKind.BATCH, "2026-01-01", Map.of("items", "5")), _ -> {});
      assertEquals(JobState.SUCCEEDED, run.state(), run.toString());
      Path part = node.data().batch().resolve("2026-01-01/part-00000.ndjson");
      List<String> lines = Files.readAllLines(part);
      assertEquals(40, lines.size());
      for (String line : lines) {
        assertEquals(
            5,
            new com.fasterxml.jackson.databind.ObjectMapper().readTree(line).get("items").size(),
            line);
      }
      assertEquals(before, node.log().endOffset(), "nothing was logged as shown");
      assertEquals(run, jobs.run(request(JobKind.BATCH, "2026-01-01", Map.of()), _ -> {}));
    }
  }

  @Test
  void backfillAndCompaction_nothingToDo_sayWhatTheyFound(@TempDir Path folder) throws Exception {
    try (Node node = open(copy(folder))) {
      JobService jobs = jobs(node, Map.of());
      JobRun backfill = jobs.run(request(JobKind.BACKFILL, "", Map.of()), _ -> {});
      assertEquals("The store holds every feature that is asked for.", backfill.outcome().text());
      JobRun compaction = jobs.run(request(JobKind.COMPACTION, "", Map.of()), _ -> {});
      assertEquals(JobState.SUCCEEDED, compaction.state(), compaction.toString());
      assertEquals("0", compaction.outcome().results().get("releases"));
    }
  }

  @Test
  void jobsRun_sameKeyAgain_answersTheFirstRun(@TempDir Path folder) throws Exception {
    DataFolder data = copy(folder);
    assertEquals(
        0, command("jobs", "run", "train", "--data", data.path().toString(), "--key", "first"));
    try (Node node = open(data)) {
      assertEquals(List.of(first), node.releases().versions());
    }
  }

  @Test
  void jobsRun_wrongOptionOfTheJob_isRefused(@TempDir Path folder) throws Exception {
    DataFolder data = copy(folder);
    assertEquals(
        2, command("jobs", "run", "batch", "--data", data.path().toString(), "--release", "r-1"));
    assertEquals(2, command("jobs", "run", "tidy", "--data", data.path().toString()));
  }

  @Test
  void propose_whileAnotherIsOpen_trainingIsPublishedAndAsksForAPerson(@TempDir Path folder)
      throws Exception {
    try (Node node = open(copy(folder))) {
      JobService jobs = jobs(node, Map.of());
      JobRun one = end(node, jobs, jobs.request(request(JobKind.TRAIN, "one", quick())));
      assertEquals(JobState.SUCCEEDED, one.state(), one.toString());
      JobRun two = end(node, jobs, jobs.request(request(JobKind.TRAIN, "two", quick())));
      assertEquals(JobState.WAITING, two.state(), two.toString());
      assertTrue(two.outcome().text().contains("another rollout is open"), two.toString());
      var _ = node.cancel(Cause.of("person:test", "makes way"));
      assertTrue(node.registry().openRollout().isEmpty());
    }
  }
}
