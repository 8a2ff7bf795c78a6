package io.winnow.app;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** The arrows between the modules. What is not listed here is forbidden. */
final class LayeringTest {
  /** By module: the modules that it may use. In the order of the data flow. */
  private static final Map<String, Set<String>> ALLOWED = allowed();

  private static final String ROOT = "io.winnow";

  private final JavaClasses classes =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages(ROOT);

  private static Map<String, Set<String>> allowed() {
    Map<String, Set<String>> allowed = new LinkedHashMap<>();
    allowed.put("core", Set.of());
    // Servers for tests and benchmarks; what serves never starts one.
    allowed.put("harness", Set.of("core"));
    allowed.put("events", Set.of("core"));
    allowed.put("features", Set.of("core", "events"));
    allowed.put("models", Set.of("core"));
    allowed.put("retrieval", Set.of("core", "features", "models"));
    allowed.put("ranking", Set.of("core", "features", "models"));
    allowed.put("experiments", Set.of("core", "events"));
    // A library for other services: it knows of no store and no server.
    allowed.put("openfeature", Set.of("core", "experiments"));
    allowed.put(
        "lifecycle",
        Set.of("core", "events", "features", "models", "retrieval", "ranking", "experiments"));
    allowed.put(
        "serving",
        Set.of(
            "core",
            "events",
            "features",
            "models",
            "retrieval",
            "ranking",
            "experiments",
            "lifecycle"));
    allowed.put("simulator", Set.of("core"));
    allowed.put(
        "benchmarks",
        Set.of(
            "core",
            "harness",
            "events",
            "features",
            "models",
            "retrieval",
            "ranking",
            "experiments",
            "lifecycle",
            "serving",
            "simulator"));
    Set<String> all = new TreeSet<>(allowed.keySet());
    allowed.put("app", all);
    return allowed;
  }

  @Test
  void modules_useOnlyWhatIsAllowed() {
    assertEquals(List.of(), violations(ALLOWED));
  }

  @Test
  void modules_areAllListed() {
    Set<String> found = new TreeSet<>();
    classes.forEach(type -> found.add(module(type)));
    assertTrue(ALLOWED.keySet().containsAll(found), "modules without a line here: " + found);
    assertTrue(found.containsAll(Set.of("core", "events", "features", "models", "app")));
  }

  @Test
  void rule_withAnArrowTakenAway_reportsIt() {
    Map<String, Set<String>> stricter = new TreeMap<>(ALLOWED);
    stricter.put("app", Set.of());
    assertFalse(violations(stricter).isEmpty());
  }

  @Test
  void packages_haveNoCycles() {
    slices().matching(ROOT + ".(**)").should().beFreeOfCycles().check(classes);
  }

  @Test
  void engines_stayBehindTheirModule() {
    only(Set.of("models"), "ai.djl..", "ai.onnxruntime..", "ai.onnx..");
    // In the benchmarks it is a peer.
    only(Set.of("features", "benchmarks"), "org.rocksdb..");
    only(Set.of("features"), "io.lettuce..");
    // The harness runs the server, the others talk to it.
    only(Set.of("events", "harness", "benchmarks"), "org.apache.kafka..", "kafka..");
    only(Set.of("serving"), "io.helidon..");
    only(Set.of("openfeature"), "dev.openfeature..");
    only(Set.of("lifecycle"), "org.apache.parquet..", "com.github.luben..");
    only(
        Set.of("lifecycle"),
        "com.github.kagkarlsson..",
        "com.zaxxer..",
        "org.flywaydb..",
        "org.h2..",
        "org.jdbi..",
        "org.postgresql..");
    only(Set.of("benchmarks"), "org.duckdb..");
    only(Set.of("app"), "picocli..");
    noClasses()
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("sun..", "com.sun..", "jdk.internal..")
        .check(classes);
  }

  private void only(Set<String> modules, String... packages) {
    String[] homes = modules.stream().map(m -> ROOT + "." + m + "..").toArray(String[]::new);
    noClasses()
        .that()
        .resideOutsideOfPackages(homes)
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(packages)
        .check(classes);
  }

  private List<String> violations(Map<String, Set<String>> allowed) {
    List<String> violations = new ArrayList<>();
    for (JavaClass type : classes) {
      String from = module(type);
      for (Dependency dependency : type.getDirectDependenciesFromSelf()) {
        JavaClass target = dependency.getTargetClass().getBaseComponentType();
        if (!target.getPackageName().startsWith(ROOT + ".")) {
          continue;
        }
        String to = module(target);
        if (!from.equals(to) && !allowed.getOrDefault(from, Set.of()).contains(to)) {
          violations.add(from + " must not use " + to + ": " + dependency.getDescription());
        }
      }
    }
    return violations;
  }

  private static String module(JavaClass type) {
    return type.getPackageName().substring(ROOT.length() + 1).replaceAll("\\..*", "");
  }
}
