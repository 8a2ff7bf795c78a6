package io.winnow.core.application;

import io.winnow.core.application.Engines.ArtifactEngine;
import io.winnow.core.application.Engines.LogEngine;
import io.winnow.core.application.Engines.RegistryEngine;
import io.winnow.core.application.Engines.StoreEngine;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads {@code engines}: where log, features, registry and artefacts are kept. Problems show
 * addresses without their passwords.
 */
final class EnginesReader {
  static final List<String> KEYS = List.of("log", "features", "registry", "artifacts");
  static final int MAX_SERVERS = 32;
  static final int MAX_LENGTH = 2000;
  static final int REDIS_PORT = 6379;
  static final int POSTGRES_PORT = 5432;

  private static final String EMBEDDED = "embedded";
  private static final String LOG_FORMS = EMBEDDED + " or kafka://HOST:PORT[,HOST:PORT...]/TOPIC";
  private static final String STORE_FORMS =
      EMBEDDED
          + " or redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE][?prefix=NAME], rediss:// with TLS";
  private static final String REGISTRY_FORMS =
      EMBEDDED + " or postgresql://USER[:PASSWORD]@HOST[:PORT]/DATABASE";
  private static final String ARTIFACT_FORMS =
      EMBEDDED + " or the absolute path of a folder that all servers mount, such as /mnt/winnow";
  private static final int PORT_MAX = 65_535;
  private static final int DATABASE_MAX = 65_535;
  private static final Pattern HOST =
      Pattern.compile("[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\\[[0-9A-Fa-f:.]{2,45}]");
  private static final Pattern SERVER =
      Pattern.compile("(?<host>\\[[^\\]]*]|[^:]*)(?::(?<port>.*))?");

  /** Kafka's own rule for topics, less {@code .} and {@code ..}. */
  private static final Pattern TOPIC = Pattern.compile("(?!\\.{1,2}$)[A-Za-z0-9._-]{1,249}");

  /** User information as RFC 3986 has it, with a colon between user (or none) and password. */
  private static final Pattern USER =
      Pattern.compile(
          "(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*:"
              + "(?:[A-Za-z0-9._~!$&'()*+,;=:-]|%[0-9A-Fa-f]{2})+");

  private static final Pattern REDIS =
      Pattern.compile(
          "(?<scheme>rediss?)://(?:(?<user>[^@]*)@)?(?<server>[^/?@]*)(?:/(?<database>[^?]*))?"
              + "(?:\\?(?<query>.*))?",
          Pattern.DOTALL);

  private static final Pattern POSTGRES =
      Pattern.compile(
          "postgres(?:ql)?://(?<user>[^:@/]+)(?::(?<password>[^@]*))?@(?<server>[^/?@]*)"
              + "/(?<database>[A-Za-z0-9_-]{1,63})");

  /** As {@link #USER} has it, of a user or a password alone. */
  private static final Pattern ENCODED =
      Pattern.compile("(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*");

  private EnginesReader() {}

  /**
   * Reads the section.
   *
   * @param application the application's name, which begins keys in Redis unless another is given
   */
  static Engines read(Section section, String application) {
    section.onlyKeys(KEYS);
    return new Engines(
        log(section.get("log")),
        features(section.get("features"), application),
        registry(section.get("registry")),
        artifacts(section.get("artifacts")));
  }

  /** An address that is not what it should be; its message is the expectation. */
  private static final class Wrong extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Wrong(String expectation) {
      super(expectation, null, false, false);
    }
  }

  private static LogEngine log(Section section) {
    String text = section.text(EMBEDDED).strip();
    try {
      checkLength(text);
      if (text.equals(EMBEDDED)) {
        return new LogEngine.Embedded();
      }
      if (!text.startsWith("kafka://")) {
        throw new Wrong(LOG_FORMS + nearest(text, List.of(EMBEDDED, "kafka")));
      }
      return kafka(text.substring("kafka://".length()));
    } catch (Wrong e) {
      section.problem(Credentials.maskAddress(text), String.valueOf(e.getMessage()));
      return new LogEngine.Embedded();
    }
  }

  private static StoreEngine features(Section section, String application) {
    String text = section.text(EMBEDDED).strip();
    try {
      checkLength(text);
      if (text.equals(EMBEDDED)) {
        return new StoreEngine.Embedded();
      }
      Matcher address = REDIS.matcher(text);
      if (!address.matches()) {
        throw new Wrong(STORE_FORMS + nearest(text, List.of(EMBEDDED, "redis", "rediss")));
      }
      return redis(address, application);
    } catch (Wrong e) {
      section.problem(Credentials.maskAddress(text), String.valueOf(e.getMessage()));
      return new StoreEngine.Embedded();
    }
  }

  private static RegistryEngine registry(Section section) {
    String text = section.text(EMBEDDED).strip();
    try {
      checkLength(text);
      if (text.equals(EMBEDDED)) {
        return new RegistryEngine.Embedded();
      }
      Matcher address = POSTGRES.matcher(text);
      if (!address.matches()) {
        throw new Wrong(REGISTRY_FORMS + nearest(text, List.of(EMBEDDED, "postgresql")));
      }
      String password = Objects.requireNonNullElse(address.group("password"), "");
      if (!ENCODED.matcher(address.group("user")).matches()
          || !ENCODED.matcher(password).matches()) {
        throw new Wrong(
            "USER or USER:PASSWORD before the @, percent-encoded but for letters, digits and"
                + " -._~!$&'()*+,;=");
      }
      return new RegistryEngine.Postgres(
          server(address.group("server"), "HOST or HOST:PORT", POSTGRES_PORT),
          address.group("database"),
          decoded(address.group("user")),
          decoded(password));
    } catch (Wrong e) {
      section.problem(Credentials.maskAddress(text), String.valueOf(e.getMessage()));
      return new RegistryEngine.Embedded();
    }
  }

  /** Percent-encoding, in which a plus is a plus. */
  private static String decoded(String text) {
    return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
  }

  private static ArtifactEngine artifacts(Section section) {
    String text = section.text(EMBEDDED).strip();
    if (text.equals(EMBEDDED)) {
      return new ArtifactEngine.Embedded();
    }
    if (!text.startsWith("/") || text.length() > MAX_LENGTH || text.indexOf('\0') >= 0) {
      section.problem(ARTIFACT_FORMS);
      return new ArtifactEngine.Embedded();
    }
    return new ArtifactEngine.Folder(text);
  }

  private static void checkLength(String text) {
    if (text.length() > MAX_LENGTH) {
      throw new Wrong("at most " + MAX_LENGTH + " characters");
    }
  }

  private static LogEngine kafka(String address) {
    int slash = address.indexOf('/');
    if (slash < 0) {
      throw new Wrong(LOG_FORMS + ": a topic behind the servers, such as /events");
    }
    if (address.lastIndexOf('@') >= 0) {
      throw new Wrong(LOG_FORMS + ": no user and no password");
    }
    List<String> servers = new ArrayList<>();
    for (String server : address.substring(0, slash).split(",", -1)) {
      servers.add(server(server.strip(), "HOST:PORT, such as localhost:9092", 0));
    }
    if (servers.size() > MAX_SERVERS) {
      throw new Wrong("at most " + MAX_SERVERS + " servers");
    }
    String topic = address.substring(slash + 1);
    if (!TOPIC.matcher(topic).matches()) {
      throw new Wrong(
          "a topic of 1 to 249 letters, digits, '.', '_' and '-', other than '.' and '..', behind"
              + " the servers");
    }
    return new LogEngine.Kafka(String.join(",", servers), topic);
  }

  private static StoreEngine redis(Matcher address, String application) {
    String user = address.group("user");
    if (user != null && !USER.matcher(user).matches()) {
      throw new Wrong(
          "USER:PASSWORD (or :PASSWORD) before the @, percent-encoded but for letters, digits and"
              + " -._~!$&'()*+,;=");
    }
    String server = server(address.group("server"), "HOST or HOST:PORT", REDIS_PORT);
    String database = address.group("database");
    if (database == null || database.isEmpty()) {
      database = "0";
    }
    if (!database.matches("\\d{1,5}") || Integer.parseInt(database) > DATABASE_MAX) {
      throw new Wrong("the number of a database, 0 to " + DATABASE_MAX + ", behind the /");
    }
    String uri =
        address.group("scheme")
            + "://"
            + (user == null ? "" : user + "@")
            + server
            + "/"
            + Integer.parseInt(database);
    return new StoreEngine.Redis(uri, prefix(address.group("query"), application));
  }

  private static String prefix(@Nullable String query, String application) {
    if (query == null) {
      return application;
    }
    String prefix = query.startsWith("prefix=") ? query.substring("prefix=".length()) : "";
    if (!Lexer.NAME.matcher(prefix).matches()) {
      throw new Wrong("nothing but prefix=NAME behind the ?: " + Lexer.NAME_EXPECTATION);
    }
    return prefix;
  }

  /**
   * A server in its full form.
   *
   * @param defaultPort where none is written, or 0 if one has to be
   */
  private static String server(String text, String form, int defaultPort) {
    Matcher server = SERVER.matcher(text);
    if (!server.matches() || !HOST.matcher(server.group("host")).matches()) {
      throw new Wrong(form + ": a host name or an address (IPv6 in brackets)");
    }
    String port = server.group("port");
    if (port == null && defaultPort > 0) {
      return text + ":" + defaultPort;
    }
    int number =
        Optional.ofNullable(port)
            .filter(digits -> digits.matches("\\d{1,5}"))
            .map(Integer::parseInt)
            .orElse(0);
    if (number < 1 || number > PORT_MAX) {
      throw new Wrong(form + ": a port from 1 to " + PORT_MAX);
    }
    return server.group("host") + ":" + number;
  }

  private static String nearest(String text, List<String> known) {
    int scheme = text.indexOf(':');
    return NearestName.of(scheme < 0 ? text : text.substring(0, scheme), known)
        .filter(name -> !text.startsWith(name + "://"))
        .map(name -> "; did you mean '" + name + "'?")
        .orElse("");
  }
}
