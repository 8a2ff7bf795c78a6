package io.winnow.app;

import static io.winnow.app.CommandRun.run;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.winnow.core.Event;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import io.winnow.core.Seed;
import io.winnow.core.UserId;
import io.winnow.core.application.ApplicationFile;
import io.winnow.events.EventLog;
import io.winnow.events.EventLogConfig;
import io.winnow.events.EventLogs;
import io.winnow.lifecycle.ReleaseStore;
import io.winnow.models.network.OnnxWriter;
import io.winnow.serving.RecommendationRequest;
import io.winnow.serving.Slate;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code train --settings --examples}, {@code releases import-model} and {@code tune}. */
final class ModelCommandsTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final long BEGIN_MS = 1_767_225_600_000L;

  @TempDir private static Path folder;

  private static String trained = "";

  @TempDir private Path own;

  private static String data() {
    return folder.resolve("data").toString();
  }

  private static Path fileOf(String name) {
    return new ReleaseStore(folder.resolve("data/releases")).file(trained, name);
  }

  /** 25 users who click and click again on what is next to their last item. */
  @BeforeAll
  static void fillAndTrain() throws Exception {
    ApplicationFile application =
        ApplicationFile.parse(
            """
            application: rows
            events: { click: {} }
            features: { item: { clicks_1d: count(click) over 1d } }
            objectives: { click: 1.0 }
            """,
            "rows.yaml",
            Map.of());
    DataFolder data = new DataFolder(folder.resolve("data"));
    data.keep(application);
    RandomGenerator random = new Seed(5).generator("clicks");
    List<LogRecord> records = new ArrayList<>();
    int[] last = new int[25];
    for (int n = 0; n < 600; n++) {
      int user = random.nextInt(last.length);
      last[user] = Math.floorMod(last[user] + 1 + random.nextInt(3), 40);
      records.add(
          new LogRecord.Happened(
              new Event(
                  "e" + n,
                  "click",
                  new UserId("u" + user),
                  new ItemId("i" + last[user]),
                  BEGIN_MS + n * 60_000L,
                  Double.NaN)));
    }
    try (EventLog log =
        EventLogs.open(
            EventLogConfig.in(data.log()),
            application.definition().schema(),
            () -> BEGIN_MS + 86_400_000L,
            List.of())) {
      log.append(records);
    }
    Path settings = folder.resolve("small.yaml");
    Files.writeString(
        settings,
        """
        split: { max_ranker_requests: 60, min_ranker_requests: 20 }
        encoder:
          network: { embedding_size: 8, heads: 1 }
          training: { epochs: 2 }
        linear: { ease: { row_limit: 8 } }
        ranker: { network: { hidden1: 8, hidden2: 8 } }
        """);
    CommandRun outcome =
        run(
            "train",
            "--data",
            data(),
            "--settings",
            settings.toString(),
            "--examples",
            folder.resolve("examples").toString(),
            "--device",
            "cpu",
            "--json");
    System.clearProperty("winnow.device");
    assertEquals(0, outcome.code(), outcome.err());
    JsonNode manifest = MAPPER.readTree(outcome.out());
    trained = manifest.get("version").textValue();
    assertEquals(
        "8", manifest.get("provenance").get("settings").get("linear.ease.row_limit").textValue());
  }

  @Test
  void releasesGate_nothingBehindTheTraining_isUndecided() throws Exception {
    CommandRun outcome = run("releases", "gate", trained, "--data", data(), "--json");
    assertEquals(ExitCode.UNDECIDED.value(), outcome.code(), outcome.err());
    JsonNode report = MAPPER.readTree(outcome.out());
    assertEquals("waiting", report.get("verdict").textValue());
    assertEquals(trained, report.get("candidate").textValue());
    Map<String, String> verdicts = new TreeMap<>();
    report
        .get("checks")
        .forEach(
            check -> verdicts.put(check.get("name").textValue(), check.get("verdict").textValue()));
    assertEquals("waiting", verdicts.get("ndcg@10"));
    assertEquals("passed", verdicts.get("whole"));
    assertEquals("passed", verdicts.get("features"));
    CommandRun text = run("releases", "gate", trained, "--data", data());
    assertTrue(text.out().contains("release " + trained + ", against nothing: waiting"));
    assertTrue(text.out().contains("0 outcomes behind both trainings (needed: 200)"), text.out());
  }

  @Test
  void releasesGate_damagedOrNoRelease_failsOrSaysSo() throws Exception {
    Path file = fileOf("ease.bin");
    byte[] intact = Files.readAllBytes(file);
    Files.writeString(file, "not what was published");
    try {
      CommandRun outcome = run("releases", "gate", trained, "--data", data());
      assertEquals(ExitCode.FINDING.value(), outcome.code(), outcome.err());
      assertTrue(outcome.out().contains("ease.bin"), outcome.out());
    } finally {
      Files.write(file, intact);
    }
    CommandRun none = run("releases", "gate", "r-none", "--data", data());
    assertEquals(ExitCode.INPUT.value(), none.code(), none.err());
    assertTrue(none.err().contains("r-none"), none.err());
  }

  private String[] importRanker(Path network, String... more) {
    List<String> args =
        new ArrayList<>(
            List.of(
                "releases",
                "import-model",
                "--data",
                data(),
                "--release",
                trained,
                "--ranker",
                network.toString(),
                "--ranker-inputs",
                folder.resolve("examples/ranker/inputs.txt").toString()));
    args.addAll(List.of(more));
    return args.toArray(String[]::new);
  }

  @Test
  void importModel_ranker_isARelease_whichIsActivatedAndRolledBack() throws Exception {
    int columns = Files.readAllLines(folder.resolve("examples/ranker/inputs.txt")).size();
    OnnxWriter network = new OnnxWriter("elsewhere");
    String features = network.input("features", List.of("C", Integer.toString(columns)));
    network.output(
        network.sigmoid(network.sum(network.zeroUnknown(features))),
        "probabilities",
        List.of("C", "1"));
    Path ranker = Files.write(own.resolve("ranker.onnx"), network.toBytes());
    CommandRun outcome = run(importRanker(ranker, "--json"));
    assertEquals(0, outcome.code(), outcome.err());
    JsonNode manifest = MAPPER.readTree(outcome.out());
    String version = manifest.get("version").textValue();
    assertEquals(trained, manifest.at("/provenance/parent").textValue());
    assertEquals("ranker", manifest.at("/provenance/imported/0/role").textValue());
    assertEquals(64, manifest.at("/provenance/imported/0/sha256").textValue().length());
    assertEquals(
        trained,
        MAPPER
            .readTree(run("releases", "--data", data(), "--json").out())
            .get("active")
            .textValue());
    assertEquals(0, run("releases", "--data", data(), "--activate", version).code());
    assertTrue(run("releases", "--data", data()).out().contains("* " + version));
    CommandRun answer = run("recommend", "--data", data(), "--user", "u3", "--json");
    assertEquals(0, answer.code(), answer.err());
    assertTrue(answer.out().contains(version), answer.out());
    CommandRun rolledBack = run("rollback", "--data", data());
    assertEquals(0, rolledBack.code(), rolledBack.err());
    assertTrue(rolledBack.out().contains("release " + trained + " is active"), rolledBack.out());
  }

  @Test
  void importModel_encoderInTheRankersPlace_isRefusedWithFileFieldAndExpectation() {
    Path wrong = fileOf("encoder.onnx");
    CommandRun outcome = run(importRanker(wrong));
    assertEquals(2, outcome.code());
    assertEquals("", outcome.out());
    assertTrue(
        outcome.err().contains(wrong + ": ranker.inputs.features: missing (expected: float (any, "),
        outcome.err());
  }

  @Test
  void importModel_halfOfTheOptions_namesTheOthers() {
    CommandRun outcome =
        run("releases", "import-model", "--data", data(), "--encoder", "encoder.onnx");
    assertEquals(2, outcome.code());
    assertTrue(outcome.err().contains("--item-vectors: absent"), outcome.err());
    assertTrue(outcome.err().contains("--items: absent"), outcome.err());
    assertEquals(2, run("releases", "import-model", "--data", data()).code());
    assertEquals(2, run("releases", "import-model", "--data", data(), "--release", "none").code());
    CommandRun empty = run("releases", "import-model", "--data", own.toString(), "--ranker", "r");
    assertEquals(2, empty.code());
  }

  @Test
  void train_examplesIntoAFolderThatIsNotEmpty_isRefusedBeforeTraining() {
    CommandRun outcome = run("train", "--data", data(), "--examples", folder.toString());
    assertEquals(2, outcome.code());
    assertTrue(outcome.err().contains("missing or empty"), outcome.err());
  }

  @Test
  void train_settingsThatDoNotExist_areRefusedWithTheLine() throws Exception {
    Path file = own.resolve("mistyped.yaml");
    Files.writeString(file, "ranker:\n  training: { epoch: 3 }\n");
    for (String command : List.of("train", "tune")) {
      CommandRun outcome = run(command, "--data", data(), "--settings", file.toString());
      assertEquals(2, outcome.code());
      assertTrue(
          outcome.err().contains("mistyped.yaml:2: ranker.training.epoch: unknown setting"),
          outcome.err());
      assertTrue(outcome.err().contains("did you mean epochs?"), outcome.err());
    }
    CommandRun device = run("train", "--data", data(), "--device", "tpu");
    assertEquals(2, device.code());
    assertTrue(device.err().contains("device: tpu"), device.err());
  }

  @Test
  void tune_aLittle_writesSettingsThatTrainReads_andGoesOn() throws Exception {
    String[] command = {
      "tune",
      "--data",
      data(),
      "--folder",
      own.resolve("t").toString(),
      "--models",
      "transitions,ease",
      "--minutes",
      "0.02",
      "--json"
    };
    CommandRun outcome = run(command);
    assertEquals(0, outcome.code(), outcome.err());
    JsonNode result = MAPPER.readTree(outcome.out());
    Path best = Path.of(result.get("file").textValue());
    assertTrue(Files.exists(best));
    assertTrue(outcome.err().contains("transitions/base: ndcg@10 0."), outcome.err());
    assertTrue(outcome.err().contains("min left"), outcome.err());
    List<String> journal = Files.readAllLines(own.resolve("t/journal.jsonl"));
    assertTrue(journal.size() > 2, journal.toString());

    CommandRun again = run(command);
    assertEquals(0, again.code(), again.err());
    assertFalse(again.err().contains("transitions/base"), "it is in the journal");
    assertEquals(
        journal, Files.readAllLines(own.resolve("t/journal.jsonl")).subList(0, journal.size()));

    List<String> other = new ArrayList<>(List.of(command));
    other.addAll(List.of("--seed", "2"));
    CommandRun refused = run(other.toArray(String[]::new));
    assertEquals(2, refused.code());
    assertTrue(
        refused.err().contains("seed: 2 (expected: 1, as in the journal; or another folder)"),
        refused.err());
  }

  @Test
  void tune_wrongArguments_areRefused() {
    assertEquals(2, run("tune", "--data", data(), "--models", "easy").code());
    CommandRun minutes = run("tune", "--data", data(), "--minutes", "0");
    assertEquals(2, minutes.code());
    assertTrue(minutes.err().contains("--minutes: 0.0 (expected: above 0"), minutes.err());
    assertEquals(2, run("tune", "--data", data(), "--cut", "1.5").code());
    assertEquals(2, run("tune", "--data", own.toString()).code());
  }

  @Test
  void offPolicy_releaseThatMadeTheLog_isWorthWhatWasLogged() throws Exception {
    Path copy = own.resolve("data");
    FileTree.copy(folder.resolve("data"), copy);
    ApplicationFile application =
        ApplicationFile.read(copy.resolve(ApplicationFile.NAME), Map.of());
    // Behind what other tests let commands show, by the clock of today.
    AtomicLong nowMs = new AtomicLong(BEGIN_MS + Duration.ofDays(10_000).toMillis());
    String from;
    try (Node node = Node.open(new DataFolder(copy), application, nowMs::get)) {
      assertEquals(trained, node.pipeline().release());
      from = Long.toString(node.log().endOffset());
      // The last of them is there to settle the others: it is a day later.
      for (int request = 0; request < 201; request++) {
        nowMs.addAndGet(request == 200 ? 86_400_000L : 60_000L);
        UserId user = new UserId("u" + request % 25);
        Slate slate =
            node.pipeline()
                .recommend(
                    new RecommendationRequest(
                        "r" + request,
                        user,
                        5,
                        "",
                        Map.of(),
                        Set.of(),
                        Map.of(),
                        Duration.ofSeconds(10)));
        if (request % 3 == 0) {
          node.log()
              .append(
                  List.of(
                      new LogRecord.Happened(
                          new Event(
                              "click-" + request,
                              "click",
                              user,
                              slate.items().getFirst().item(),
                              nowMs.get() + 1,
                              Double.NaN,
                              slate.requestId(),
                              null))));
        }
      }
    }
    String data = copy.toString();
    CommandRun json =
        run(
            "experiments",
            "off-policy",
            "--data",
            data,
            "--release",
            trained,
            "--from",
            from,
            "--json");
    assertEquals("", json.err().contains("winnow:") ? json.err() : "");
    JsonNode value = MAPPER.readTree(json.out()).get("value");
    assertEquals(200, value.get("requests").intValue(), json.out());
    double observed = value.get("observed").get("value").doubleValue();
    assertEquals(67 / 200.0, observed, 1e-9);
    // Nearly: live lists of popular items are refreshed by the minute, in a replay at other
    // requests.
    assertEquals(
        observed, value.get("estimates").get("sequential_ips").get("value").doubleValue(), 0.03);
    assertTrue(value.get("effective_requests").doubleValue() > 150, json.out());
    CommandRun text =
        run("experiments", "off-policy", "--data", data, "--release", trained, "--from", from);
    assertTrue(text.out().contains("200 requests of 25 users"), text.out());
    CommandRun unknown = run("experiments", "off-policy", "--data", data, "--release", "r-none");
    assertTrue(unknown.code() != 0 && unknown.err().contains(trained), unknown.err());
  }
}
