package io.winnow.app;

import static io.winnow.app.CommandRun.run;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.winnow.core.TimeSource;
import io.winnow.lifecycle.jobs.JobKind;
import io.winnow.lifecycle.jobs.JobQueue;
import io.winnow.lifecycle.jobs.JobRun;
import io.winnow.lifecycle.jobs.JobState;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The commands of jobs, trainings and the cadence on a folder with a small log and a release. */
@Timeout(300)
final class JobsCommandsTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  private static final String QUICK =
      """
      encoder: { training: { epochs: 1 } }
      encoder_refit: { training: { epochs: 1 } }
      """;

  @TempDir private static Path base;
  private static String settings = "";

  @BeforeAll
  static void importAndTrain() throws IOException {
    Path dataset =
        ClickDataSet.write(base.resolve("dataset"), ClickDataSet.APPLICATION, 900, 40, 0);
    settings = Files.writeString(base.resolve("quick.yaml"), QUICK).toString();
    String data = base.resolve("data").toString();
    CommandRun imported =
        run("import", "--dataset", dataset.toString(), "--data", data, "--no-train");
    assertEquals(0, imported.code(), imported.err());
    CommandRun trained = run("train", "--data", data, "--settings", settings);
    assertEquals(0, trained.code(), trained.err());
  }

  private static DataFolder copy(Path to) throws IOException {
    FileTree.copy(base.resolve("data"), to.resolve("data"));
    return new DataFolder(to.resolve("data"));
  }

  private static Node open(DataFolder folder) {
    return Node.open(folder, folder.application(null, Map.of()), TimeSource.system());
  }

  private static JobQueue.Request request(JobKind kind, String key) {
    return new JobQueue.Request(kind, key, "a test", "person:test", 2, Map.of());
  }

  @Test
  void train_fromChampion_goesOnFromTheRegistrysChampion(@TempDir Path folder) throws Exception {
    DataFolder data = copy(folder);
    long toOffset;
    try (Node node = open(data)) {
      String champion = String.valueOf(node.registry().plan().champion());
      toOffset = node.releases().manifest(champion).provenance().toOffset();
    }
    CommandRun said =
        run(
            "train",
            "--data",
            data.path().toString(),
            "--settings",
            settings,
            "--from",
            "champion");
    // It goes on from where the champion's data ended, behind which nothing came.
    assertEquals(2, said.code(), said.err());
    assertTrue(said.err().contains("no choice behind offset " + toOffset), said.err());
    CommandRun unknown =
        run("train", "--data", data.path().toString(), "--settings", settings, "--from", "r-9");
    assertEquals(2, unknown.code(), unknown.err());
    assertTrue(unknown.err().contains("r-9"), unknown.err());
  }

  @Test
  void cadence_ofAFolderInUse_isMeasured(@TempDir Path folder) throws Exception {
    DataFolder data = copy(folder);
    try (Node node = open(data)) {
      CommandRun said =
          run(
              "cadence",
              "--data",
              data.path().toString(),
              "--settings",
              settings,
              "--cuts",
              "2",
              "--lags",
              "1,2",
              "--max-targets",
              "60",
              "--json",
              "--folder",
              folder.resolve("releases").toString());
      assertEquals(0, said.code(), said.err());
      JsonNode report = JSON.readTree(said.out());
      assertTrue(report.isObject() && !report.isEmpty(), said.out());
      assertTrue(node.log().endOffset() > 0);
    }
  }

  @Test
  void jobs_listShowLogsCancel_tellOfARun(@TempDir Path folder) throws Exception {
    DataFolder data = copy(folder);
    String at = data.path().toString();
    CommandRun ran = run("jobs", "run", "promote", "--data", at, "--key", "one", "--json");
    assertEquals(0, ran.code(), ran.err() + ran.out());
    String id = JSON.readTree(ran.out()).get("id").asText();
    CommandRun list = run("jobs", "list", "--data", at, "--json");
    assertEquals(id, JSON.readTree(list.out()).at("/jobs/0/id").asText(), list.out());
    assertTrue(run("jobs", "list", "--data", at).out().contains(id));
    CommandRun show = run("jobs", "show", "--data", at, id);
    assertEquals("succeeded", JSON.readTree(show.out()).get("state").asText(), show.out());
    CommandRun logs = run("jobs", "logs", "--data", at, id);
    assertTrue(logs.out().contains("attempt 1 of"), logs.out());
    CommandRun ended = run("jobs", "cancel", "--data", at, id);
    assertEquals(2, ended.code(), ended.err());
    assertTrue(ended.err().contains("expected: queued or running"), ended.err());
    String queued;
    try (JobsDatabase database = JobsDatabase.open(data, data.application(null, Map.of()))) {
      queued = database.queue().request(request(JobKind.BATCH, "later")).id();
    }
    CommandRun cancelled = run("jobs", "cancel", "--data", at, queued);
    assertEquals(
        "cancelled", JSON.readTree(cancelled.out()).get("state").asText(), cancelled.out());
    assertEquals(2, run("jobs", "show", "--data", at, "no-such").code());
  }

  @Test
  void jobsRun_withoutAServer_leavesOtherOrdersAlone(@TempDir Path folder) throws Exception {
    DataFolder data = copy(folder);
    try (JobsDatabase database = JobsDatabase.open(data, data.application(null, Map.of()))) {
      var _ = database.queue().request(request(JobKind.BATCH, "waits"));
    }
    CommandRun ran = run("jobs", "run", "promote", "--data", data.path().toString());
    assertEquals(0, ran.code(), ran.err());
    try (JobsDatabase database = JobsDatabase.open(data, data.application(null, Map.of()))) {
      JobRun waits = database.queue().list(JobKind.BATCH, 1).getFirst();
      assertEquals(JobState.QUEUED, waits.state(), waits.toString());
      assertEquals(0, waits.progress().attempts());
    }
  }

  @Test
  void await_noServerForAMinute_givesTheQueuedRunBack(@TempDir Path folder) throws Exception {
    DataFolder data = copy(folder);
    AtomicLong nowMs = new AtomicLong();
    try (JobsDatabase database = JobsDatabase.open(data, data.application(null, Map.of()))) {
      JobRun run = database.queue().request(request(JobKind.BATCH, "alone"));
      JobWait wait =
          new JobWait(
              () -> nowMs.get() < 100_000,
              () -> nowMs.addAndGet(10_000),
              Duration.ofMinutes(1),
              Duration.ofMillis(1));
      JobRun given = wait.await(database.queue(), run.id(), _ -> {});
      assertEquals(JobState.QUEUED, given.state());
      assertTrue(nowMs.get() >= 160_000, "not while a server was there");
      assertEquals(ExitCode.CAPACITY, JobsRunCommand.exitCode(given));
    }
  }

  @Test
  void batch_brokenOff_goesOnBehindItsWholeParts(@TempDir Path folder) throws Exception {
    DataFolder data = copy(folder);
    try (Node node = open(data)) {
      BatchFolder batch = new BatchFolder(data.batch().resolve("night").toAbsolutePath());
      String release = node.pipeline().release();
      var _ = batch.begin(new BatchFolder.Marker("night", release, 20, node.log().endOffset()));
      Files.writeString(batch.open(0), "{}\n");
      batch.close(0);
      Files.writeString(batch.open(1), "half a li");
      try (io.winnow.lifecycle.jobs.JobRunner runner =
          io.winnow.lifecycle.jobs.JobRunner.start(
              node.registry().dataSource(),
              Map.of(JobKind.BATCH, new BatchJob(node, 15)),
              List.of(),
              io.winnow.lifecycle.jobs.JobRunner.Config.of("s", Duration.ofMinutes(1)),
              TimeSource.system())) {
        JobRun run = runner.queue().request(request(JobKind.BATCH, "night"));
        run = runner.queue().awaitEnd(run.id(), _ -> {}, Duration.ofMillis(20));
        assertEquals(JobState.SUCCEEDED, run.state(), run.toString());
      }
      assertEquals("{}\n", Files.readString(batch.target().resolve("part-00000.ndjson")));
      assertEquals(15, Files.readAllLines(batch.target().resolve("part-00001.ndjson")).size());
      assertEquals(10, Files.readAllLines(batch.target().resolve("part-00002.ndjson")).size());
      assertTrue(batch.isWhole("night"));
      try (Stream<Path> files = Files.list(batch.target())) {
        assertEquals(4, files.count(), "three parts and what it is");
      }
    }
  }

  @Test
  void batch_foreignFolder_isNotTakenForWhole(@TempDir Path folder) throws Exception {
    DataFolder data = copy(folder);
    Path foreign = Files.createDirectories(folder.resolve("foreign"));
    CommandRun said =
        run(
            "jobs",
            "run",
            "batch",
            "--data",
            data.path().toString(),
            "--folder",
            foreign.toString());
    assertEquals(4, said.code(), said.out() + said.err());
    assertTrue(said.out().contains("is not the batch of key"), said.out());
  }

  @Test
  void name_ofKeys_isAFilesNameAndDifferent() {
    Set<String> names = new HashSet<>();
    for (String key : List.of(".", "..", "_", "a/b", "a_b", "2026-01-01", ".staging-x", "__")) {
      String name = BatchFolder.name(key);
      assertFalse(name.startsWith(".") || name.contains("/"), name);
      assertTrue(names.add(name), name);
    }
    assertEquals("2026-01-01", BatchFolder.name("2026-01-01"));
  }

  @Test
  void staleFiles_oldBatch_goesWholeAndNewOneStays(@TempDir Path folder) throws Exception {
    DataFolder data = new DataFolder(folder);
    long nowMs = 1_800_000_000_000L;
    FileTime old = FileTime.fromMillis(nowMs - Duration.ofDays(40).toMillis());
    FileTime young = FileTime.fromMillis(nowMs - Duration.ofDays(1).toMillis());
    for (String name : List.of("old", "half", "young")) {
      Path batch = Files.createDirectories(data.batch().resolve(name));
      Path one = Files.writeString(batch.resolve("part-00000.ndjson"), "{}");
      Path two = Files.writeString(batch.resolve("part-00001.ndjson"), "{}");
      Files.setLastModifiedTime(one, name.equals("young") ? young : old);
      Files.setLastModifiedTime(two, name.equals("old") ? old : young);
      Files.setLastModifiedTime(batch, old);
    }
    assertEquals(3, StaleFiles.delete(data, Duration.ofDays(30), nowMs));
    assertFalse(Files.exists(data.batch().resolve("old")));
    assertTrue(Files.exists(data.batch().resolve("half/part-00000.ndjson")));
    assertTrue(Files.exists(data.batch().resolve("young/part-00001.ndjson")));
  }
}
