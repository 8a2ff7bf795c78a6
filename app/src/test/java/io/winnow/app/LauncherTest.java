package io.winnow.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The launcher on machines that do not exist: a copy of it in a project folder, with JDKs and a
 * Maven that only tell how they were called.
 */
final class LauncherTest {
  private static final Instant LONG_AGO = Instant.parse("2020-01-01T00:00:00Z");

  @TempDir private Path machine;

  private final Map<String, String> environment = new HashMap<>();

  private record Outcome(int code, String out, String err) {}

  @BeforeEach
  void aProjectWithAToolBox() throws IOException {
    Path project = Files.createDirectories(project());
    Files.copy(Path.of("..", "winnow"), project.resolve("winnow"));
    write(
        project.resolve("pom.xml"),
        "<jvm.flags>--add-modules jdk.incubator.vector -Dflag=1</jvm.flags>\n");
    Files.createDirectories(project.resolve("core/src/main/java"));
    write(project.resolve("core/src/main/java/A.java"), "class A {}\n");
    try (Stream<Path> files = Files.walk(project)) {
      for (Path file : files.toList()) {
        Files.setLastModifiedTime(file, FileTime.from(LONG_AGO));
      }
    }
    Path tools = Files.createDirectories(tools());
    for (String tool :
        List.of(
            "sh",
            "sed",
            "grep",
            "find",
            "cat",
            "tr",
            "dirname",
            "readlink",
            "head",
            "sort",
            "mkdir",
            "touch",
            "mv",
            "rm",
            "awk")) {
      script(tools.resolve(tool), "exec " + whereIs(tool) + " \"$@\"");
    }
    environment.put("PATH", tools.toString());
    environment.put("WINNOW_JDK_HOMES", machine.resolve("jdks/25").toString());
  }

  private Path project() {
    return machine.resolve("a project");
  }

  private Path tools() {
    return machine.resolve("tools");
  }

  private static Path whereIs(String tool) {
    return Stream.of("/usr/bin", "/bin", "/usr/local/bin", "/opt/homebrew/bin")
        .map(folder -> Path.of(folder, tool))
        .filter(Files::isExecutable)
        .findFirst()
        .orElseThrow();
  }

  private static void write(Path file, String text) throws IOException {
    Files.createDirectories(file.toAbsolutePath().getParent());
    Files.writeString(file, text);
  }

  private static void script(Path file, String body) throws IOException {
    write(file, "#!/bin/sh\n" + body + "\n");
    assertTrue(file.toFile().setExecutable(true));
  }

  private void jdk(String folder, String version) throws IOException {
    Path home = machine.resolve(folder);
    script(home.resolve("bin/java"), "echo java " + version + "; for a; do echo \"[$a]\"; done");
    script(home.resolve("bin/javac"), "exit 0");
    write(home.resolve("release"), "IMPLEMENTOR=\"Test\"\nJAVA_VERSION=\"" + version + "\"\n");
  }

  /** A Maven that does what the build does: it writes the class path and notes its arguments. */
  private void maven(String body) throws IOException {
    script(
        tools().resolve("mvn"),
        "echo \"$JAVA_HOME $*\" >> '" + machine.resolve("mvn.calls") + "'\n" + body);
  }

  private void workingMaven() throws IOException {
    maven(
        "mkdir -p app/target/launch; echo \"$(pwd -P)/core/target/launch/classes:/x.jar\""
            + " > app/target/launch/class-path");
  }

  private List<String> mavenCalls() throws IOException {
    Path calls = machine.resolve("mvn.calls");
    return Files.exists(calls) ? Files.readAllLines(calls) : List.of();
  }

  private Outcome launch(Path launcher, String... args) throws Exception {
    List<String> command = new ArrayList<>(List.of(whereIs("sh").toString(), launcher.toString()));
    command.addAll(List.of(args));
    Path out = machine.resolve("out");
    Path err = machine.resolve("err");
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(machine.toFile())
            .redirectOutput(out.toFile())
            .redirectError(err.toFile());
    builder.environment().clear();
    builder.environment().putAll(environment);
    int code = builder.start().waitFor();
    return new Outcome(
        code,
        Files.readString(out, StandardCharsets.UTF_8),
        Files.readString(err, StandardCharsets.UTF_8));
  }

  @Test
  void launch_noJdk_saysWhatToInstall() throws Exception {
    Outcome outcome = launch(project().resolve("winnow"), "validate");
    assertEquals(4, outcome.code());
    assertEquals("", outcome.out());
    for (String expected :
        List.of("no JDK 25", "apt-get install openjdk-25-jdk", "sdk install java", "JAVA_HOME")) {
      assertTrue(outcome.err().contains(expected), outcome.err());
    }
  }

  @Test
  void launch_onlyAnOldJdk_namesIt() throws Exception {
    jdk("jdks/17", "17.0.15");
    environment.put("JAVA_HOME", machine.resolve("jdks/17").toString());
    Outcome outcome = launch(project().resolve("winnow"), "validate");
    assertEquals(4, outcome.code());
    assertTrue(outcome.err().contains("jdks/17 (JDK 17)"), outcome.err());
  }

  @Test
  void launch_noMaven_saysWhatToInstall() throws Exception {
    jdk("jdks/25", "25.0.3");
    Outcome outcome = launch(project().resolve("winnow"), "validate");
    assertEquals(4, outcome.code());
    assertTrue(outcome.err().contains("Maven is needed"), outcome.err());
  }

  @Test
  void launch_firstTime_buildsAndPassesArgumentsOn() throws Exception {
    jdk("jdks/17", "17.0.15");
    jdk("jdks/25", "25.0.3");
    workingMaven();
    environment.put("JAVA_HOME", machine.resolve("jdks/17").toString());
    environment.put("WINNOW_JAVA_OPTS", "-Xmx1g -Da=b");

    Outcome outcome = launch(project().resolve("winnow"), "validate", "my file.yaml");

    assertEquals(0, outcome.code(), outcome.err());
    String classes = project().toRealPath() + "/app/target/launch/classes:";
    List<String> lines = outcome.out().lines().toList();
    assertEquals("java 25.0.3", lines.getFirst());
    assertTrue(lines.containsAll(List.of("[-Dflag=1]", "[-Xmx1g]", "[-Da=b]")), outcome.out());
    assertTrue(lines.stream().anyMatch(l -> l.startsWith("[" + classes)), outcome.out());
    assertEquals(
        List.of("[io.winnow.app.Main]", "[validate]", "[my file.yaml]"),
        lines.subList(lines.size() - 3, lines.size()));
    assertEquals(1, mavenCalls().size());
    assertTrue(mavenCalls().getFirst().startsWith(machine.resolve("jdks/25") + " "));
    assertTrue(mavenCalls().getFirst().contains(" -o "));
  }

  @Test
  void launch_again_buildsOnlyWhatIsStale() throws Exception {
    jdk("jdks/25", "25.0.3");
    workingMaven();
    Path launcher = Files.createSymbolicLink(machine.resolve("w"), project().resolve("winnow"));
    assertEquals(0, launch(launcher).code());
    assertEquals(0, launch(launcher).code());
    assertEquals(1, mavenCalls().size());

    Path source = project().resolve("core/src/main/java/A.java");
    Files.setLastModifiedTime(source, FileTime.from(Instant.now().plusSeconds(5)));
    assertEquals(0, launch(launcher).code());
    assertEquals(2, mavenCalls().size());
  }

  @Test
  void launch_moved_buildsAgain() throws Exception {
    jdk("jdks/25", "25.0.3");
    workingMaven();
    assertEquals(0, launch(project().resolve("winnow")).code());
    Path moved = Files.move(project(), machine.resolve("elsewhere"));
    Outcome outcome = launch(moved.resolve("winnow"));
    assertEquals(2, mavenCalls().size());
    assertTrue(outcome.out().contains(moved.toRealPath() + "/core/target"), outcome.out());
  }

  @Test
  void launch_dependenciesMissing_triesOnline() throws Exception {
    jdk("jdks/25", "25.0.3");
    maven(
        "case \"$*\" in *-o*) echo 'Cannot access central in offline mode'; exit 1;; esac\n"
            + "mkdir -p app/target/launch; pwd -P > app/target/launch/class-path");
    assertEquals(0, launch(project().resolve("winnow")).code());
    assertEquals(2, mavenCalls().size());
    assertFalse(mavenCalls().getLast().contains(" -o "));
  }

  @Test
  void launch_compileError_showsItAndDoesNotStart() throws Exception {
    jdk("jdks/25", "25.0.3");
    maven("echo '[ERROR] A.java:[1,2] boom'; exit 1");
    Outcome outcome = launch(project().resolve("winnow"));
    assertEquals(1, outcome.code());
    assertEquals("", outcome.out());
    assertTrue(outcome.err().contains("A.java:[1,2] boom"), outcome.err());
    assertEquals(1, mavenCalls().size());
  }

  @Test
  void test_passesArgumentsOnAndEndsWithTheCounts() throws Exception {
    jdk("jdks/25", "25.0.3");
    maven(
        "for m in core app; do mkdir -p $m/target/surefire-reports; echo 'Tests run: 3, Failures:"
            + " 1, Errors: 0, Skipped: 1, Time elapsed: 0.1 s' > $m/target/surefire-reports/t.txt;"
            + " touch -d 2100-01-01 $m/target/surefire-reports/t.txt; done; exit 1");
    Outcome outcome = launch(project().resolve("winnow"), "test", "-pl", "core");
    assertEquals(1, outcome.code());
    assertEquals(
        "Tests run: 6, Failures: 2, Errors: 0, Skipped: 2",
        outcome.out().lines().toList().getLast());
    assertTrue(mavenCalls().getFirst().endsWith("-B verify -pl core"));
  }
}
