package io.winnow.lifecycle;

import io.winnow.core.ErrorCode;
import io.winnow.core.WinnowException;
import io.winnow.core.application.Engines.ArtifactEngine;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The releases on disk. The content of each file is kept once, under its checksum, whatever number
 * of releases have it:
 *
 * <pre>
 * VERSION/manifest.json   what the release holds: names, sizes and checksums
 * objects/ab/cdef…        a file's content, by its SHA-256 in hexadecimal
 * active                  the release that this server served last
 * </pre>
 *
 * <p>A release becomes visible by one rename, after its files are on disk; so does a change of the
 * active release. Neither is ever changed afterwards. {@link #verify} reads every byte and compares
 * it with the manifest. Bundles of the layout before, whose files lie beside their manifest, are
 * read as they are. Safe for several threads and for several processes, on one machine or on
 * several that mount the folder, that publish under different versions.
 */
public final class ReleaseStore {
  static final String MANIFEST = "manifest.json";
  private static final String ACTIVE = "active";
  private static final String OBJECTS = "objects";
  private static final String STAGING_PREFIX = ".staging-";
  private static final String DELETED_PREFIX = ".deleted-";
  private static final String ASIDE = ".aside-";
  private static final Pattern VERSION = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}");
  private static final Pattern SHA_256 = Pattern.compile("[0-9a-f]{64}");
  private static final List<String> RESERVED = List.of(ACTIVE, OBJECTS);
  private static final Logger LOG = LoggerFactory.getLogger(ReleaseStore.class);

  private final Path folder;
  private final Path own;

  /**
   * @param folder holds the releases, and which of them is active; created if it is not there
   */
  public ReleaseStore(Path folder) {
    this(folder, folder);
  }

  /**
   * @param folder holds the releases; may be shared; created if it is not there
   * @param own remembers which of them is active; this server's own; created if it is not there
   */
  private ReleaseStore(Path folder, Path own) {
    this.folder = folder;
    this.own = own;
    try {
      Files.createDirectories(folder.resolve(OBJECTS));
      Files.createDirectories(own);
    } catch (IOException e) {
      throw unavailable("create folder " + folder, e);
    }
  }

  /**
   * The store of an application.
   *
   * @param own this server's own folder for releases
   * @throws WinnowException with {@code UNAVAILABLE} if a folder cannot be made
   */
  public static ReleaseStore of(ArtifactEngine engine, Path own) {
    return switch (engine) {
      case ArtifactEngine.Embedded _ -> new ReleaseStore(own);
      case ArtifactEngine.Folder shared -> new ReleaseStore(Path.of(shared.path()), own);
    };
  }

  /** Writes the files of a bundle into a folder. */
  @FunctionalInterface
  public interface BundleWriter {
    /** Writes every file but the manifest. */
    void writeTo(Path bundle) throws IOException;
  }

  /**
   * Publishes a bundle that was made elsewhere, under the manifest that it had there.
   *
   * @throws WinnowException as {@link #publish}; with {@code CORRUPT} if what is written is not
   *     what the manifest says: nothing is published then
   */
  public void publishAs(ReleaseManifest manifest, BundleWriter writer) {
    ReleaseManifest published =
        publish(
            manifest,
            bundle -> {
              writer.writeTo(bundle);
              for (Path file : filesOf(bundle)) {
                String name = bundle.relativize(file).toString();
                ReleaseManifest.FileEntry expected = manifest.files().get(name);
                ReleaseManifest.FileEntry actual = entry(file);
                if (!actual.equals(expected)) {
                  throw corrupt(
                      manifest.version(), name, actual.toString(), String.valueOf(expected));
                }
              }
            });
    if (!published.equals(manifest)) {
      delete(manifest.version());
      throw corrupt(
          manifest.version(),
          MANIFEST,
          "files " + published.files().keySet(),
          "files " + manifest.files().keySet());
    }
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
        ReleaseManifest.FileEntry entry = entry(file);
        files.put(staging.relativize(file).toString(), entry);
        keep(file, object(entry));
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
      deleteFolders(staging);
      forceFolder(staging);
      Files.move(staging, target, StandardCopyOption.ATOMIC_MOVE);
      forceFolder(folder);
      checkKept(manifest);
      return manifest;
    } catch (IOException e) {
      throw unavailable("write release " + draft.version(), e);
    } finally {
      deleteQuietly(staging);
    }
  }

  /**
   * Moves a file to where its content is kept. What lies there has the same content, or is damaged:
   * in either case it is replaced, and so is too young to be collected.
   */
  private static void keep(Path file, Path object) throws IOException {
    Path shard = Objects.requireNonNull(object.getParent());
    Files.createDirectories(shard);
    Files.setLastModifiedTime(file, FileTime.from(Instant.now()));
    Files.move(file, object, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    forceFolder(shard);
    forceFolder(Objects.requireNonNull(shard.getParent()));
  }

  /** Finds the one case that age does not exclude: a content collected while it was replaced. */
  private void checkKept(ReleaseManifest manifest) throws IOException {
    for (ReleaseManifest.FileEntry entry : manifest.files().values()) {
      if (!Files.exists(object(entry))) {
        deleteBundle(manifest.version());
        throw new IOException("a file was collected meanwhile; publish it again");
      }
    }
  }

  /**
   * Deletes a release. The contents of its files go with the next {@link #collect}, where no other
   * release has them.
   *
   * @return whether it was there
   * @throws WinnowException with {@code CONFLICT} if it is active
   */
  public boolean delete(String version) {
    if (active().equals(Optional.of(version))) {
      throw new WinnowException(
          ErrorCode.CONFLICT, "release " + version + " is active (expected: another one)");
    }
    try {
      return deleteBundle(version);
    } catch (IOException | UncheckedIOException e) {
      throw new WinnowException(
          ErrorCode.UNAVAILABLE, "cannot delete release " + version + ": " + e.getMessage(), e);
    }
  }

  private boolean deleteBundle(String version) throws IOException {
    Path bundle = bundle(version);
    if (!Files.isDirectory(bundle)) {
      return false;
    }
    Path gone = folder.resolve(DELETED_PREFIX + version);
    deleteRecursively(gone);
    Files.move(bundle, gone, StandardCopyOption.ATOMIC_MOVE);
    deleteRecursively(gone);
    return true;
  }

  /**
   * Deletes the contents that no release has, and what publications that failed left.
   *
   * @param nowMs epoch milliseconds of the wall clock, by which files are stamped
   * @param grace what is younger stays, since a publication may be about to name it
   * @return bytes that were deleted
   * @throws WinnowException with {@code CORRUPT} if a manifest cannot be read: nothing is deleted
   *     then, since it may name anything
   */
  public long collect(long nowMs, Duration grace) {
    return collect(nowMs, grace, () -> {});
  }

  /**
   * Collects in three steps, since a publication may bring a content back at any moment: what
   * nobody needs is chosen, then renamed, then looked for in the manifests once more. A publication
   * whose manifest was there before the renaming is found then, and its content goes back; one
   * whose manifest comes later misses its content itself, and fails ({@link #checkKept}).
   *
   * @param chosen runs between choosing and renaming
   */
  long collect(long nowMs, Duration grace, Runnable chosen) {
    Set<Path> needed = needed();
    try {
      List<Path> old = new ArrayList<>();
      for (Path file : filesOf(folder.resolve(OBJECTS))) {
        if (!needed.contains(file) && !isAside(file) && isOlder(file, nowMs, grace)) {
          old.add(file);
        }
      }
      chosen.run();
      for (Path file : old) {
        setAside(file);
      }
      long bytes = deleteAside(nowMs, grace);
      try (Stream<Path> entries = Files.list(folder)) {
        for (Path entry : entries.toList()) {
          String name = entry.getFileName().toString();
          if (name.startsWith(DELETED_PREFIX)
              || (name.startsWith(STAGING_PREFIX) && isOlder(entry, nowMs, grace))) {
            deleteQuietly(entry);
          }
        }
      }
      return bytes;
    } catch (IOException e) {
      throw unavailable("collect in " + folder, e);
    }
  }

  private Set<Path> needed() {
    Set<Path> needed = new HashSet<>();
    for (String version : versions()) {
      manifest(version).files().values().forEach(entry -> needed.add(object(entry)));
    }
    return needed;
  }

  private static boolean isAside(Path file) {
    return file.getFileName().toString().contains(ASIDE);
  }

  /** Under a name of its own: several may collect at once. */
  private static void setAside(Path object) throws IOException {
    Path aside = object.resolveSibling(object.getFileName() + ASIDE + UUID.randomUUID());
    try {
      Files.move(object, aside, StandardCopyOption.ATOMIC_MOVE);
    } catch (NoSuchFileException collected) {
      LOG.debug("{} was collected by another server", object);
    }
  }

  /**
   * Deletes what is aside, also what a collection that broke off left there, or puts it back.
   *
   * @return bytes that were deleted
   */
  private long deleteAside(long nowMs, Duration grace) throws IOException {
    // Listed before the manifests are read: what is named after that misses its content itself.
    List<Path> aside =
        filesOf(folder.resolve(OBJECTS)).stream().filter(ReleaseStore::isAside).toList();
    if (aside.isEmpty()) {
      return 0;
    }
    Set<Path> needed;
    try {
      needed = needed();
    } catch (WinnowException e) {
      for (Path file : aside) {
        putBack(file);
      }
      throw e;
    }
    long bytes = 0;
    for (Path file : aside) {
      try {
        if (needed.contains(objectOf(file)) || !isOlder(file, nowMs, grace)) {
          putBack(file);
        } else {
          long size = Files.size(file);
          bytes += Files.deleteIfExists(file) ? size : 0;
        }
      } catch (NoSuchFileException collected) {
        LOG.debug("{} was collected by another server", file);
      }
    }
    return bytes;
  }

  private static Path objectOf(Path aside) {
    String name = aside.getFileName().toString();
    return aside.resolveSibling(name.substring(0, name.indexOf(ASIDE)));
  }

  private static void putBack(Path aside) throws IOException {
    try {
      Files.move(aside, objectOf(aside));
    } catch (FileAlreadyExistsException published) {
      Files.deleteIfExists(aside); // The same content once more.
    } catch (NoSuchFileException collected) {
      LOG.debug("{} was put back by another server", aside);
    }
  }

  private static boolean isOlder(Path file, long nowMs, Duration grace) throws IOException {
    return Files.getLastModifiedTime(file).toMillis() < nowMs - grace.toMillis();
  }

  /**
   * Where a file of a release lies.
   *
   * @param name as the manifest has it
   * @throws WinnowException with {@code NOT_FOUND} for the release, {@code CORRUPT} if its manifest
   *     does not list the file
   */
  public Path file(String version, String name) {
    return file(manifest(version), name);
  }

  /** Where a file of a release lies, by its manifest. */
  Path file(ReleaseManifest manifest, String name) {
    ReleaseManifest.FileEntry entry = manifest.files().get(name);
    if (entry == null) {
      throw corrupt(manifest.version(), name, "not in the manifest", "a file of every release");
    }
    Path beside = bundle(manifest.version()).resolve(name);
    return Files.exists(beside) ? beside : object(entry);
  }

  private Path object(ReleaseManifest.FileEntry entry) {
    if (!SHA_256.matcher(entry.sha256()).matches()) {
      throw new WinnowException(
          ErrorCode.CORRUPT, "sha256: " + entry.sha256() + " (expected: 64 hexadecimal digits)");
    }
    return folder
        .resolve(OBJECTS)
        .resolve(entry.sha256().substring(0, 2))
        .resolve(entry.sha256().substring(2));
  }

  /**
   * Reads a bundle's manifest and compares every file with it.
   *
   * @throws WinnowException with {@code NOT_FOUND}, or with {@code CORRUPT} naming the file, what
   *     it holds and what was expected
   */
  public ReleaseManifest verify(String version) {
    ReleaseManifest manifest = manifest(version);
    manifest.files().keySet().forEach(name -> verify(manifest, name));
    return manifest;
  }

  /**
   * Compares one file of a bundle with its manifest.
   *
   * @throws WinnowException as {@link #verify}; {@code CORRUPT} too if the manifest does not list
   *     it
   */
  void verifyFile(String version, String name) {
    verify(manifest(version), name);
  }

  private void verify(ReleaseManifest manifest, String name) {
    String version = manifest.version();
    Path file = file(manifest, name);
    ReleaseManifest.FileEntry expected = Objects.requireNonNull(manifest.files().get(name));
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
          .filter(name -> VERSION.matcher(name).matches())
          .sorted()
          .toList();
    } catch (IOException e) {
      throw unavailable("list " + folder, e);
    }
  }

  /** The version that should serve; empty before the first activation. */
  public Optional<String> active() {
    try {
      Path file = own.resolve(ACTIVE);
      return Files.exists(file)
          ? Optional.of(Files.readString(file, StandardCharsets.UTF_8).strip())
          : Optional.empty();
    } catch (IOException e) {
      throw unavailable("read " + own.resolve(ACTIVE), e);
    }
  }

  /**
   * Makes a verified bundle the one to serve, by one atomic rename.
   *
   * @throws WinnowException as {@link #verify}
   */
  public void activate(String version) {
    verify(version);
    remember(version);
  }

  /**
   * Marks a release as active that was read whole before and serves: {@link #activate} without
   * reading every byte of it again.
   */
  public void remember(String version) {
    try {
      Path temporary = Files.createTempFile(own, ".active-", "");
      Files.writeString(temporary, version + "\n");
      force(temporary);
      Files.move(
          temporary,
          own.resolve(ACTIVE),
          StandardCopyOption.ATOMIC_MOVE,
          StandardCopyOption.REPLACE_EXISTING);
      forceFolder(own);
    } catch (IOException e) {
      throw unavailable("activate release " + version, e);
    }
  }

  /** The folder of a release's manifest, whether it exists or not. */
  public Path bundle(String version) {
    if (!VERSION.matcher(version).matches() || RESERVED.contains(version)) {
      throw WinnowException.invalid(
          "release", version, "letters, digits, '.', '_' and '-', at most 64; none of " + RESERVED);
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

  /** What remains of a staging folder's own folders, after their files went to the objects. */
  private static void deleteFolders(Path staging) throws IOException {
    try (Stream<Path> walk = Files.walk(staging)) {
      for (Path path : walk.sorted(Comparator.reverseOrder()).toList()) {
        if (Files.isDirectory(path) && !path.equals(staging)) {
          Files.delete(path);
        }
      }
    }
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
