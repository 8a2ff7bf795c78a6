package io.winnow.lifecycle;

import io.winnow.core.ErrorCode;
import io.winnow.core.WinnowException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The releases on disk: one folder each, and a file {@code active} that names the one to serve.
 *
 * <p>A bundle becomes visible by one rename, after its files are on disk; so does a change of the
 * active release. Bundles are never changed afterwards. {@link #verify} reads every byte and
 * compares it with the manifest. Safe for several threads and for several processes that publish
 * under different versions.
 */
public final class ReleaseStore {
  static final String MANIFEST = "manifest.json";
  private static final String ACTIVE = "active";
  private static final String STAGING_PREFIX = ".staging-";
  private static final Pattern VERSION = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}");
  private static final Logger LOG = LoggerFactory.getLogger(ReleaseStore.class);
  private final Path folder;

  /**
   * @param folder holds the bundles; created if it is not there
   */
  public ReleaseStore(Path folder) {
    this.folder = folder;
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw unavailable("create folder " + folder, e);
    }
  }

  /** Writes the files of a bundle into a folder. */
  @FunctionalInterface
  public interface BundleWriter {
    /** Writes every file but the manifest. */
    void writeTo(Path bundle) throws IOException;
  }

  /**
   * Publishes a bundle: all of it or nothing. It is not active yet.
   *
   * @param draft the manifest; its files are filled in here
   * @return the manifest as stored
   * @throws WinnowException with {@code CONFLICT} if the version exists, {@code UNAVAILABLE} if the
   *     disk does not take it
   */
  public ReleaseManifest publish(ReleaseManifest draft, BundleWriter writer) {
    Path target = bundle(draft.version());
    if (Files.exists(target)) {
      throw new WinnowException(
          ErrorCode.CONFLICT, "release " + draft.version() + " exists (expected: a new version)");
    }
    Path staging = folder.resolve(STAGING_PREFIX + draft.version());
    try {
      deleteRecursively(staging);
      Files.createDirectory(staging);
      writer.writeTo(staging);
      Map<String, ReleaseManifest.FileEntry> files = new TreeMap<>();
      for (Path file : filesOf(staging)) {
        force(file);
        files.put(staging.relativize(file).toString(), entry(file));
      }
      ReleaseManifest manifest =
          new ReleaseManifest(
              draft.version(),
              draft.createdMs(),
              draft.application(),
              draft.schemaHash(),
              draft.features(),
              files,
              draft.provenance(),
              draft.metrics());
      Path manifestFile = staging.resolve(MANIFEST);
      Files.writeString(manifestFile, ManifestJson.write(manifest));
      force(manifestFile);
      forceFolder(staging);
      Files.move(staging, target, StandardCopyOption.ATOMIC_MOVE);
      forceFolder(folder);
      return manifest;
    } catch (IOException e) {
      throw unavailable("write release " + draft.version(), e);
    } finally {
      deleteQuietly(staging);
    }
  }

  /**
   * Reads a bundle's manifest and compares every file with it.
   *
   * @throws WinnowException with {@code NOT_FOUND}, or with {@code CORRUPT} naming the file, what
   *     it holds and what was expected
   */
  public ReleaseManifest verify(String version) {
    ReleaseManifest manifest = manifest(version);
    manifest.files().forEach((name, expected) -> verify(version, name, expected));
    return manifest;
  }

  /**
   * Compares one file of a bundle with its manifest.
   *
   * @throws WinnowException as {@link #verify}; {@code CORRUPT} too if the manifest does not list
   *     it
   */
  void verifyFile(String version, String name) {
    ReleaseManifest.FileEntry expected = manifest(version).files().get(name);
    if (expected == null) {
      throw corrupt(version, name, "not in the manifest", "a file of every release");
    }
    verify(version, name, expected);
  }

  private void verify(String version, String name, ReleaseManifest.FileEntry expected) {
    Path file = bundle(version).resolve(name);
    ReleaseManifest.FileEntry actual;
    try {
      actual = Files.exists(file) ? entry(file) : new ReleaseManifest.FileEntry(-1, "-");
    } catch (IOException e) {
      throw unavailable("read " + file, e);
    }
    if (actual.bytes() < 0) {
      throw corrupt(version, name, "missing", expected.bytes() + " bytes");
    }
    if (actual.bytes() != expected.bytes()) {
      throw corrupt(version, name, actual.bytes() + " bytes", expected.bytes() + " bytes");
    }
    if (!actual.sha256().equals(expected.sha256())) {
      throw corrupt(version, name, "sha256 " + actual.sha256(), "sha256 " + expected.sha256());
    }
  }

  /** A bundle's manifest, unverified. */
  public ReleaseManifest manifest(String version) {
    Path file = bundle(version).resolve(MANIFEST);
    if (!Files.isRegularFile(file)) {
      throw new WinnowException(
          ErrorCode.NOT_FOUND,
          "release: " + version + " (expected: one of " + versions() + " in " + folder + ")");
    }
    return ManifestJson.read(version, text(file));
  }

  /**
   * The format in which a bundle's manifest was written.
   *
   * @return 1 to {@link ReleaseManifest#FORMAT}
   */
  int format(String version) {
    return ManifestJson.format(version, text(bundle(version).resolve(MANIFEST)));
  }

  private static String text(Path file) {
    try {
      return Files.readString(file, StandardCharsets.UTF_8);
    } catch (CharacterCodingException e) {
      throw new WinnowException(
          ErrorCode.CORRUPT, file + ": not UTF-8 (expected: JSON as written)", e);
    } catch (IOException e) {
      throw unavailable("read " + file, e);
    }
  }

  /**
   * The versions that are there, oldest first (by name, which starts with the time of creation).
   */
  public List<String> versions() {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries
          .filter(entry -> Files.isRegularFile(entry.resolve(MANIFEST)))
          .map(entry -> entry.getFileName().toString())
          .filter(name -> !name.startsWith(STAGING_PREFIX))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw unavailable("list " + folder, e);
    }
  }

  /** The version that should serve; empty before the first activation. */
  public Optional<String> active() {
    try {
      Path file = folder.resolve(ACTIVE);
      return Files.exists(file)
          ? Optional.of(Files.readString(file, StandardCharsets.UTF_8).strip())
          : Optional.empty();
    } catch (IOException e) {
      throw unavailable("read " + folder.resolve(ACTIVE), e);
    }
  }

  /**
   * Makes a verified bundle the one to serve, by one atomic rename.
   *
   * @throws WinnowException as {@link #verify}
   */
  public void activate(String version) {
    verify(version);
    try {
      Path temporary = Files.createTempFile(folder, ".active-", "");
      Files.writeString(temporary, version + "\n");
      force(temporary);
      Files.move(
          temporary,
          folder.resolve(ACTIVE),
          StandardCopyOption.ATOMIC_MOVE,
          StandardCopyOption.REPLACE_EXISTING);
      forceFolder(folder);
    } catch (IOException e) {
      throw unavailable("activate release " + version, e);
    }
  }

  /** The folder of a bundle, whether it exists or not. */
  public Path bundle(String version) {
    if (!VERSION.matcher(version).matches()) {
      throw WinnowException.invalid(
          "release", version, "letters, digits, '.', '_' and '-', at most 64");
    }
    return folder.resolve(version);
  }

  private static List<Path> filesOf(Path root) throws IOException {
    List<Path> files = new ArrayList<>();
    try (Stream<Path> walk = Files.walk(root)) {
      walk.filter(Files::isRegularFile).forEach(files::add);
    }
    return files;
  }

  private static ReleaseManifest.FileEntry entry(Path file) throws IOException {
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
    long bytes;
    try (InputStream in = new DigestInputStream(Files.newInputStream(file), digest)) {
      bytes = in.transferTo(java.io.OutputStream.nullOutputStream());
    }
    return new ReleaseManifest.FileEntry(bytes, HexFormat.of().formatHex(digest.digest()));
  }

  private static void force(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.force(true);
    }
  }

  private static void forceFolder(Path folder) throws IOException {
    try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  private static void deleteRecursively(Path root) throws IOException {
    if (!Files.exists(root)) {
      return;
    }
    try (Stream<Path> walk = Files.walk(root)) {
      walk.sorted(Comparator.reverseOrder())
          .forEach(path -> {
            try {
              Files.delete(path);
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          });
    }
  }

  /** What a failed publication left; if it cannot go now, the next one of this version tries. */
  private static void deleteQuietly(Path root) {
    try {
      deleteRecursively(root);
    } catch (IOException | UncheckedIOException e) {
      LOG.warn("cannot delete {}: {}", root, e.getMessage());
    }
  }

  private static WinnowException corrupt(
      String version, String file, String actual, String expected) {
    return new WinnowException(
        ErrorCode.CORRUPT,
        "release %s, file %s: %s (expected: %s)".formatted(version, file, actual, expected));
  }

  private static WinnowException unavailable(String action, IOException e) {
    return new WinnowException(
        ErrorCode.UNAVAILABLE, "cannot " + action + ": " + e.getMessage(), e);
  }
}
