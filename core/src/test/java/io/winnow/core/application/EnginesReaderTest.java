package io.winnow.core.application;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.Problem;
import io.winnow.core.WinnowException;
import io.winnow.core.application.Engines.LogEngine;
import io.winnow.core.application.Engines.StoreEngine;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class EnginesReaderTest {
  private static final String HEAD = "application: shop\nevents: [click]\n";

  private static Engines read(String section, Map<String, String> environment) {
    return ApplicationFile.parse(HEAD + section, "w", environment)
        .definition()
        .operations()
        .engines();
  }

  private static StoreEngine features(String address) {
    return read("engines: { features: '" + address + "' }", Map.of()).features();
  }

  private static LogEngine log(String address) {
    return read("engines: { log: '" + address + "' }", Map.of()).log();
  }

  private static WinnowException refused(String section, Map<String, String> environment) {
    return assertThrows(WinnowException.class, () -> read(section, environment));
  }

  @Test
  void read_nothingOrEmbedded_isEmbedded() {
    assertEquals(Engines.EMBEDDED, read("", Map.of()));
    assertEquals(
        Engines.EMBEDDED, read("engines: { log: embedded, features: embedded }", Map.of()));
  }

  @Test
  void read_registryAndArtifacts_areWhatTheyName() {
    Engines engines =
        read(
            "engines: { registry: 'postgresql://winnow:a%3Ab+c@db.local/releases', artifacts: /mnt/winnow }",
            Map.of());
    assertEquals(
        new Engines.RegistryEngine.Postgres("db.local:5432", "releases", "winnow", "a:b+c"),
        engines.registry());
    assertEquals("postgresql://winnow@db.local:5432/releases", engines.registry().toString());
    assertEquals(new Engines.ArtifactEngine.Folder("/mnt/winnow"), engines.artifacts());
    assertEquals(
        new Engines.RegistryEngine.Postgres("[::1]:7", "w", "u", ""),
        read("", Map.of("WINNOW_ENGINES_REGISTRY", "postgres://u@[::1]:7/w")).registry());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "postgresql://h/d",
        "postgresql://u@h",
        "postgresql://u@h:0/d",
        "postgresql://u@/d",
        "postgresql://u:geheim%zz@h/d",
        "postgresql://u:geheim@h/d?ssl=true",
        "postgresqk://u:geheim@h/d",
        "jdbc:postgresql://u:geheim@h/d"
      })
  void read_registryThatIsNone_isRefusedWithoutItsPassword(String address) {
    WinnowException e = refused("engines: { registry: '" + address + "' }", Map.of());
    assertEquals("engines.registry", e.problems().getFirst().field());
    assertFalse(e.getMessage().contains("geheim"), e.getMessage());
  }

  @ParameterizedTest
  @ValueSource(strings = {"releases", "../releases", "s3://bucket"})
  void read_artifactsThatAreNoFolder_areRefused(String folder) {
    WinnowException e = refused("engines: { artifacts: '" + folder + "' }", Map.of());
    assertEquals("engines.artifacts", e.problems().getFirst().field());
  }

  @Test
  void read_eachAlone_leavesTheOtherEmbedded() {
    assertEquals(
        new Engines(new LogEngine.Kafka("a:9092", "events"), new StoreEngine.Embedded()),
        read("engines: { log: kafka://a:9092/events }", Map.of()));
    assertEquals(
        new Engines(new LogEngine.Embedded(), new StoreEngine.Redis("redis://a:6379/0", "shop")),
        read("engines: { features: redis://a }", Map.of()));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "kafka://localhost:9092/events; localhost:9092; events",
        "kafka://a.example:9092,10.0.0.2:19092/my.events_v-2; a.example:9092,10.0.0.2:19092;"
            + " my.events_v-2",
        "kafka://a:1, b:2 ,[::1]:65535/t; a:1,b:2,[::1]:65535; t",
      })
  void log_kafka_hasServersAndTopic(String address, String servers, String topic) {
    assertEquals(new LogEngine.Kafka(servers, topic), log(address));
    assertEquals("kafka://" + servers + "/" + topic, log(address).toString());
    assertEquals(log(address), log(log(address).toString()));
  }

  @Test
  void log_flowMappingWithoutQuotes_keepsTheServersTogether() {
    assertEquals(
        new Engines(
            new LogEngine.Kafka("a:1,b:2,c:3", "t"),
            new StoreEngine.Redis("redis://r:6379/0", "shop")),
        read("engines: { log: kafka://a:1,b:2, c:3/t, features: redis://r }", Map.of()));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "redis://localhost; redis://localhost:6379/0; shop",
        "redis://localhost/; redis://localhost:6379/0; shop",
        "redis://localhost:7000/15?prefix=a-b_2; redis://localhost:7000/15; a-b_2",
        "rediss://[fe80::1]?prefix=x; rediss://[fe80::1]:6379/0; x",
        "rediss://ada:s3c%40ret:x@r.example:1/2; rediss://ada:s3c%40ret:x@r.example:1/2; shop",
        "redis://:pw@r; redis://:pw@r:6379/0; shop",
      })
  void features_redis_hasItsAddressAndPrefix(String address, String uri, String prefix) {
    assertEquals(new StoreEngine.Redis(uri, prefix), features(address));
  }

  @Test
  void toString_ofRedis_hidesUserAndPassword() {
    StoreEngine redis = features("redis://ada:secret@r/3?prefix=p");
    assertEquals("redis://***@r:6379/3?prefix=p", redis.toString());
    ApplicationFile file =
        ApplicationFile.parse(HEAD + "engines: { features: redis://ada:secret@r }", "w", Map.of());
    assertFalse(file.toString().contains("secret"));
    assertFalse(file.definition().toString().contains("secret"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "log; embeded; embeded; did you mean 'embedded'?",
        "log; kafak://a:1/t; kafak://a:1/t; did you mean 'kafka'?",
        "log; redis://a; redis://a; embedded or kafka://HOST:PORT[,HOST:PORT...]/TOPIC",
        "log; kafka://a:9092; kafka://a:9092; a topic behind the servers",
        "log; kafka://a:9092/; kafka://a:9092/; a topic of 1 to 249 letters",
        "log; kafka://a:9092/..; kafka://a:9092/..; other than '.' and '..'",
        "log; kafka://a:9092/a/b; kafka://a:9092/a/b; a topic of 1 to 249 letters",
        "log; kafka://a:9092/ä; kafka://a:9092/ä; a topic of 1 to 249 letters",
        "log; kafka://a/t; kafka://a/t; a port from 1 to 65535",
        "log; kafka://a:0/t; kafka://a:0/t; a port from 1 to 65535",
        "log; kafka://a:65536/t; kafka://a:65536/t; a port from 1 to 65535",
        "log; 'kafka://a:1,,b:2/t'; 'kafka://a:1,,b:2/t'; a host name or an address",
        "log; kafka://-a:1/t; kafka://-a:1/t; a host name or an address",
        "log; kafka://u:secret@a:1/t; kafka://***@a:1/t; no user and no password",
        "features; rdis://a; rdis://a; did you mean 'redis'?",
        "features; kafka://a:1/t; kafka://a:1/t; embedded or redis://[USER:PASSWORD@]HOST",
        "features; redis://; redis://; a host name or an address",
        "features; redis://a:70000; redis://a:70000; a port from 1 to 65535",
        "features; redis://a:; redis://a:***; a port from 1 to 65535",
        "features; redis://a/x; redis://a/x; the number of a database, 0 to 65535",
        "features; redis://a/65536; redis://a/65536; the number of a database",
        "features; redis://a?prefix=; redis://a?prefix=; nothing but prefix=NAME",
        "features; redis://a?prefix=1; redis://a?prefix=1; nothing but prefix=NAME",
        "features; redis://a?timeout=3; redis://a?***; nothing but prefix=NAME",
        "features; redis://secret@a; redis://***@a; USER:PASSWORD (or :PASSWORD) before the @",
        "features; 'redis://u:se cret@a'; redis://***@a; percent-encoded",
      })
  void read_wrong_saysWhatWithoutSecrets(
      String role, String address, String shown, String expected) {
    List<Problem> problems =
        refused("engines: { " + role + ": '" + address + "' }", Map.of()).problems();
    assertEquals(1, problems.size(), problems.toString());
    assertEquals("engines." + role, problems.getFirst().field());
    assertEquals(shown, problems.getFirst().value());
    assertTrue(
        problems.getFirst().expectation().contains(expected), problems.getFirst().expectation());
  }

  @Test
  void read_tooLong_isRefused() {
    String servers = "a:1,".repeat(EnginesReader.MAX_SERVERS) + "a:1";
    assertTrue(
        String.valueOf(refused("engines: { log: 'kafka://" + servers + "/t' }", Map.of()))
            .contains("at most 32 servers"));
    assertTrue(
        String.valueOf(
                refused(
                    "engines: { features: 'redis://:" + "%41".repeat(100_000) + "@a' }", Map.of()))
            .contains("at most 2000 characters"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "engines: redis://u:secret@a",
        "engines: [ 'redis://u:secret@a' ]",
        "engines: { 'redis://u:secret@a': x }",
        "engines: { features: { 'redis://u:secret@a': x } }",
        "engines: { features: [ 'redis://u:secret@a' ] }",
        "engines: { featurs: 'redis://u:secret@a' }",
        "engines: { features: 'redis://u:se/cret:secret@a:b:c' }",
        "engines: { features: 'redis://u:pass@secret@a' }",
        "engines: { features: 'redis:/u:secret@a' }",
        "engines: { features: 'u:secret@a' }",
        "engines: { features: 'redis://u:secret' }",
        "engines: { features: 'redis://a?password=secret' }",
        "engines: { log: 'kafka://u:secret@a:1/t' }",
        "engines: { log: 'kafka://a:1/t?sasl.jaas.config=secret' }",
        "engines: { log: 'redis://u:secret@a' }",
        "engines: { features: redis://u:secret@a",
        "redis: redis://u:secret@a",
      })
  void read_wrongWithAPassword_neverShowsIt(String section) {
    assertFalse(String.valueOf(refused(section, Map.of()).getMessage()).contains("secret"));
  }

  @Test
  void read_environment_replacesThemWhetherTheFileHasThemOrNot() {
    Map<String, String> environment =
        Map.of(
            "WINNOW_ENGINES_LOG", "kafka://a:1,b:2/t",
            "WINNOW_ENGINES_FEATURES", "redis://:pw@r/1?prefix=p");
    Engines expected =
        new Engines(
            new LogEngine.Kafka("a:1,b:2", "t"),
            new StoreEngine.Redis("redis://:pw@r:6379/1", "p"));
    assertEquals(expected, read("", environment));
    assertEquals(expected, read("engines: { log: embedded, features: redis://x }", environment));
  }

  @Test
  void read_environmentWrong_namesTheVariableWithoutSecrets() {
    WinnowException unknown = refused("", Map.of("WINNOW_ENGINES_FEATURS", "redis://u:secret@a"));
    Problem problem = unknown.problems().getFirst();
    assertEquals("WINNOW_ENGINES_FEATURS", problem.field());
    assertEquals("redis://***@a", problem.value());
    assertTrue(problem.expectation().contains("did you mean 'WINNOW_ENGINES_FEATURES'"));
    assertEquals(
        "environment WINNOW_ENGINES_FEATURES: engines.features: redis://***@a:*** (expected: HOST or"
            + " HOST:PORT: a port from 1 to 65535)",
        refused("", Map.of("WINNOW_ENGINES_FEATURES", "redis://u:secret@a:x"))
            .problems()
            .getFirst()
            .toString());
  }
}
