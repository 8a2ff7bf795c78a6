package io.winnow.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import io.winnow.lifecycle.jobs.JobKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** What {@code deploy/} calls are commands that Winnow has, with options that they take. */
final class DeployTest {
  private static final Path DEPLOY = root().resolve("deploy");
  private static final ObjectMapper YAML = new ObjectMapper(new YAMLFactory());
  private static final Pattern IN_PYTHON =
      Pattern.compile("bash_command=f\"\\{WINNOW\\} ([^\"]*)\"");

  private static Path root() {
    Path folder = Path.of("").toAbsolutePath();
    while (!Files.exists(folder.resolve("deploy"))) {
      folder = folder.getParent();
    }
    return folder;
  }

  private static List<JsonNode> manifests(String file) throws IOException {
    List<JsonNode> manifests = new ArrayList<>();
    YAML.readerFor(JsonNode.class)
        .<JsonNode>readValues(DEPLOY.resolve("kubernetes").resolve(file).toFile())
        .forEachRemaining(manifests::add);
    return manifests;
  }

  /** Parses a command line by the commands of this program; the words of its subcommands. */
  private static List<String> parse(List<String> words) {
    CommandLine.ParseResult parsed = Main.line(Map.of()).parseArgs(words.toArray(String[]::new));
    List<String> names = new ArrayList<>();
    while (parsed.hasSubcommand()) {
      parsed = parsed.subcommand();
      names.add(parsed.commandSpec().name());
    }
    if (names.equals(List.of("jobs", "run"))) {
      String kind = parsed.matchedPositionals().getFirst().getValue();
      names.add(JobKind.of(kind).label());
    }
    return names;
  }

  /** Splits as a shell does, with what it would compute replaced by a word. */
  private static List<String> words(String command) {
    String plain = command.replaceAll("\\$\\([^)]*\\)", "2026-03-01").replace("\"$", "$");
    List<String> words = new ArrayList<>();
    Matcher matcher = Pattern.compile("\"([^\"]*)\"|(\\S+)").matcher(plain);
    while (matcher.find()) {
      words.add(matcher.group(1) != null ? matcher.group(1) : matcher.group(2));
    }
    return words;
  }

  @Test
  void kubernetes_server_isStartedWithOptionsThatServeTakes() throws IOException {
    List<JsonNode> manifests = manifests("serve.yaml");
    assertEquals(
        List.of("Service", "StatefulSet"),
        manifests.stream().map(manifest -> manifest.get("kind").asText()).toList());
    JsonNode container = manifests.get(1).at("/spec/template/spec/containers/0");
    List<String> args = new ArrayList<>();
    container.get("args").forEach(arg -> args.add(arg.asText()));
    assertEquals(List.of("serve"), parse(args));
    assertEquals(
        manifests.get(0).at("/spec/ports/0/port").asInt(),
        container.at("/ports/0/containerPort").asInt());
    assertEquals(
        manifests.get(0).at("/spec/selector/app").asText(),
        manifests.get(1).at("/spec/template/metadata/labels/app").asText());
  }

  @Test
  void kubernetes_server_hasHoursToReadItsLogBeforeItCountsAsDead() throws IOException {
    JsonNode container = manifests("serve.yaml").get(1).at("/spec/template/spec/containers/0");
    JsonNode startup = container.get("startupProbe");
    assertEquals("/health/live", startup.at("/httpGet/path").asText());
    int seconds = startup.get("periodSeconds").asInt() * startup.get("failureThreshold").asInt();
    assertTrue(seconds >= 2 * 3600, seconds + " s");
  }

  @Test
  void kubernetes_arguments_holdNoSecrets() throws IOException {
    for (JsonNode manifest : manifests("serve.yaml")) {
      manifest.findValues("args").forEach(args -> assertFalse(args.toString().contains("key")));
    }
  }

  @Test
  void dockerfile_entryPoint_isTheLauncherOnThePathWithTheJdkThatItAsksFor() throws IOException {
    String file = Files.readString(DEPLOY.resolve("Dockerfile"));
    String launcher = Files.readString(root().resolve("winnow"));
    Matcher required = Pattern.compile("(?m)^REQUIRED=(\\d+)$").matcher(launcher);
    assertTrue(required.find());
    assertTrue(file.contains("FROM eclipse-temurin:" + required.group(1) + "-jdk"), file);
    assertTrue(file.contains("ENTRYPOINT [\"winnow\"]"), file);
    assertTrue(file.contains("ln -s /opt/winnow/winnow /usr/local/bin/winnow"), file);
    Matcher arguments = Pattern.compile("(?m)^CMD \\[(.*)]$").matcher(file);
    assertTrue(arguments.find());
    List<String> words = words(arguments.group(1).replace(",", " "));
    assertEquals(List.of("serve"), parse(words));
    // What is named with -t is what the manifests run.
    Matcher image = Pattern.compile("-t (\\S+)").matcher(file);
    assertTrue(image.find());
    for (String manifest : List.of("serve.yaml", "jobs.yaml")) {
      assertEquals(
          Set.of(image.group(1)),
          new TreeSet<>(
              manifests(manifest).stream()
                  .flatMap(one -> one.findValuesAsText("image").stream())
                  .toList()));
    }
  }

  @Test
  void kubernetes_cronJobs_orderJobsWithAKeyOfTheirDate() throws IOException {
    Set<String> jobs = new TreeSet<>();
    for (JsonNode manifest : manifests("jobs.yaml")) {
      assertEquals("CronJob", manifest.get("kind").asText());
      JsonNode pod = manifest.at("/spec/jobTemplate/spec/template/spec");
      assertEquals("Never", pod.get("restartPolicy").asText());
      String command = pod.at("/containers/0/args/0").asText();
      assertTrue(command.startsWith("exec winnow "), command);
      List<String> words = words(command.substring("exec winnow ".length()));
      assertTrue(words.contains("--key"), command);
      assertTrue(manifest.at("/spec/jobTemplate/spec/activeDeadlineSeconds").asInt() > 0, command);
      List<String> names = parse(words);
      assertEquals(List.of("jobs", "run"), names.subList(0, 2));
      assertEquals("winnow-" + names.get(2), manifest.at("/metadata/name").asText());
      jobs.add(names.get(2));
    }
    assertEquals(Set.of("batch", "compaction", "train"), jobs);
  }

  @Test
  void kubernetes_environment_isWhatTheApplicationFileCanBeSetBy() throws IOException {
    Set<String> names = new TreeSet<>();
    for (String file : List.of("serve.yaml", "jobs.yaml")) {
      for (JsonNode manifest : manifests(file)) {
        manifest
            .findValues("env")
            .forEach(env -> env.forEach(one -> names.add(one.get("name").asText())));
      }
    }
    assertEquals(
        Set.of(
            "WINNOW_ENGINES_ARTIFACTS",
            "WINNOW_ENGINES_FEATURES",
            "WINNOW_ENGINES_LOG",
            "WINNOW_ENGINES_REGISTRY",
            ServeCommand.KEYS_VARIABLE,
            WorkerProcess.HEAP_VARIABLE),
        names);
  }

  @Test
  void airflow_tasks_areCommandsOfEveryJob() throws IOException {
    String dag = Files.readString(DEPLOY.resolve("airflow/winnow_lifecycle.py"));
    Matcher matcher = IN_PYTHON.matcher(dag);
    Set<String> jobs = new TreeSet<>();
    while (matcher.find()) {
      String command =
          matcher
              .group(1)
              .replace("{DATA}", "--data /var/lib/winnow")
              .replace("{{{{ ds }}}}", "2026-03-01");
      assertFalse(command.contains("{"), command);
      jobs.add(parse(words(command)).getLast());
    }
    Set<String> all = new TreeSet<>();
    for (JobKind kind : JobKind.values()) {
      all.add(kind.label());
    }
    assertEquals(all, jobs);
  }

  @Test
  void airflow_dag_isPython() throws Exception {
    Path python = Path.of("/usr/bin/python3");
    org.junit.jupiter.api.Assumptions.assumeTrue(Files.isExecutable(python), "no python3 here");
    Process process =
        new ProcessBuilder(
                python.toString(),
                "-c",
                "import ast, sys; ast.parse(open(sys.argv[1]).read(), sys.argv[1])",
                DEPLOY.resolve("airflow/winnow_lifecycle.py").toString())
            .redirectErrorStream(true)
            .start();
    String said =
        new String(
            process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), said);
  }

  @Test
  void parse_optionThatIsNot_isRefused() {
    assertThrows(
        CommandLine.ParameterException.class,
        () -> parse(List.of("jobs", "run", "train", "--keey", "x")));
    assertThrows(io.winnow.core.WinnowException.class, () -> parse(List.of("jobs", "run", "tidy")));
  }
}
