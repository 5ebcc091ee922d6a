// Starts `raspc lsp` for RASP files.  Everything it can do is the server's; the colours are rasp.tmLanguage.json's.
"use strict";

const { commands, window, workspace } = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

let client;

async function start() {
  const command = workspace.getConfiguration("raspc").get("command");
  client = new LanguageClient(
    "raspc",
    "RASP",
    { command, args: ["lsp"] },
    {
      documentSelector: [{ language: "rasp" }],
      synchronize: { fileEvents: workspace.createFileSystemWatcher("**/*.rasp") },
    },
  );
  try {
    await client.start();
  } catch (error) {
    client = undefined;
    window.showErrorMessage(
      `"${command} lsp" does not start (${error.message}). It needs: pip install 'raspc[lsp]'. ` +
        "The setting raspc.command says where raspc is.",
    );
  }
}

async function stop() {
  const running = client;
  client = undefined;
  await running?.stop();
}

async function restart() {
  await stop();
  await start();
}

exports.activate = async (context) => {
  context.subscriptions.push(
    commands.registerCommand("raspc.restart", restart),
    workspace.onDidChangeConfiguration((change) => change.affectsConfiguration("raspc.command") && restart()),
  );
  await start();
};

exports.deactivate = stop;
