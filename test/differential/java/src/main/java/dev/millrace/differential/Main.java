package dev.millrace.differential;

import java.io.BufferedReader;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Reads a case a line and writes its answer as a line, until the input ends. Its argument is a folder for state. */
public final class Main {
  private Main() {}

  public static void main(String[] args) throws IOException {
    PrintStream answers =
        new PrintStream(new FileOutputStream(FileDescriptor.out), false, StandardCharsets.UTF_8);
    System.setOut(System.err);
    CaseRunner runner = new CaseRunner(Path.of(args[0]));
    BufferedReader cases =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = cases.readLine(); line != null; line = cases.readLine()) {
      answers.print(Json.text(runner.run(Json.parse(line))) + "\n");
      answers.flush();
    }
  }
}
