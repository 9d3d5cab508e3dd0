// pulumi-language-python runs a Python Pulumi program for an engine built from source, for which no stock language host can be had
// as a Go module. It knows what a program needs to run, and leaves nothing running: not when it is cancelled, not when the engine dies.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	"github.com/pulumi/pulumi/sdk/v3/go/common/version"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/pulumi/pulumi/sdk/v3/python/toolchain"
)

const (
	alreadyReported = 32                     // exit status of pulumi-language-python-exec after it printed its own message
	patience        = 500 * time.Millisecond // between SIGTERM and SIGKILL: the engine gives this host one second to go
)

type host struct {
	pulumirpc.UnimplementedLanguageRuntimeServer
	engine  string // address
	mu      sync.Mutex
	stop    context.CancelFunc // ends the running program
	running sync.WaitGroup
}

func (h *host) Handshake(
	_ context.Context, r *pulumirpc.LanguageHandshakeRequest,
) (*pulumirpc.LanguageHandshakeResponse, error) {
	h.engine = r.EngineAddress
	return &pulumirpc.LanguageHandshakeResponse{}, nil
}

func (h *host) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{Version: version.Version}, nil
}

// GetRequiredPackages names none: dynamic resources need no plugin beside the one next to this host.
func (h *host) GetRequiredPackages(
	context.Context, *pulumirpc.GetRequiredPackagesRequest,
) (*pulumirpc.GetRequiredPackagesResponse, error) {
	return &pulumirpc.GetRequiredPackagesResponse{}, nil
}

func (h *host) GetProgramDependencies(
	context.Context, *pulumirpc.GetProgramDependenciesRequest,
) (*pulumirpc.GetProgramDependenciesResponse, error) {
	return &pulumirpc.GetProgramDependenciesResponse{}, nil
}

func (h *host) About(ctx context.Context, r *pulumirpc.AboutRequest) (*pulumirpc.AboutResponse, error) {
	tc, err := resolve(r.Info)
	if err != nil {
		return nil, err
	}
	info, err := tc.About(ctx)
	if err != nil {
		return nil, err
	}
	return &pulumirpc.AboutResponse{Executable: info.PythonExecutable, Version: info.PythonVersion.String()}, nil
}

// Cancel ends the program by SIGTERM: an interrupt would make Python print a traceback that tells nobody anything.
func (h *host) Cancel(context.Context, *emptypb.Empty) (*emptypb.Empty, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.stop()
	return &emptypb.Empty{}, nil
}

func (h *host) Run(ctx context.Context, r *pulumirpc.RunRequest) (*pulumirpc.RunResponse, error) {
	ctx, stop := context.WithCancel(ctx) // ends with the engine's connection, too
	defer stop()
	cmd, err := h.command(ctx, r)
	if err != nil {
		return nil, err
	}
	h.mu.Lock()
	h.stop = stop
	h.running.Add(1)
	h.mu.Unlock()
	defer h.running.Done()

	// A child's death signal is bound to the thread that started it.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err = cmd.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return &pulumirpc.RunResponse{}, nil
	case ctx.Err() != nil:
		return &pulumirpc.RunResponse{Bail: true}, nil
	case errors.As(err, &exit) && exit.ExitCode() == alreadyReported:
		return &pulumirpc.RunResponse{Bail: true}, nil
	case errors.As(err, &exit):
		return &pulumirpc.RunResponse{Error: "the program ended with " + exit.String()}, nil
	default:
		return nil, err
	}
}

// command starts Pulumi's own runner script on the program, in a process group of its own.
func (h *host) command(ctx context.Context, r *pulumirpc.RunRequest) (*exec.Cmd, error) {
	tc, err := resolve(r.Info)
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	args := []string{
		"-u", filepath.Join(filepath.Dir(self), "pulumi-language-python-exec"),
		"--monitor", r.MonitorAddress, "--engine", h.engine,
		"--project", r.Project, "--stack", r.Stack, "--organization", r.Organization,
		"--root_directory", r.Info.RootDirectory, "--pwd", r.Pwd,
		"--dry_run", strconv.FormatBool(r.DryRun), "--parallel", strconv.Itoa(int(r.Parallel)),
		filepath.Join(r.Info.ProgramDirectory, r.Info.EntryPoint),
	}
	cmd, err := tc.Command(ctx, append(args, r.Args...)...)
	if err != nil {
		return nil, err
	}
	config, err := settings(r)
	if err != nil {
		return nil, err
	}
	cmd.Env = append(cmd.Environ(), config...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = patience
	return cmd, nil
}

// settings hands the stack's config to the runner, which wants {} and [] where the engine sends nothing.
func settings(r *pulumirpc.RunRequest) ([]string, error) {
	values, keys := r.Config, r.ConfigSecretKeys
	if values == nil {
		values = map[string]string{}
	}
	if keys == nil {
		keys = []string{}
	}
	config, err := json.Marshal(values)
	if err != nil {
		return nil, err
	}
	secrets, err := json.Marshal(keys)
	if err != nil {
		return nil, err
	}
	return []string{"PULUMI_CONFIG=" + string(config), "PULUMI_CONFIG_SECRET_KEYS=" + string(secrets)}, nil
}

// resolve finds the interpreter as the stock host does: the options `toolchain` and `virtualenv`, else the python3 on PATH.
func resolve(info *pulumirpc.ProgramInfo) (toolchain.Toolchain, error) {
	o := toolchain.PythonOptions{Root: info.RootDirectory, ProgramDir: info.ProgramDirectory}
	options := info.Options.AsMap()
	if v, ok := options["virtualenv"].(string); ok {
		o.Virtualenv = v
	}
	switch v := options["toolchain"]; v {
	case nil, "auto":
	case "pip":
		o.Toolchain = toolchain.Pip
	case "poetry":
		o.Toolchain = toolchain.Poetry
	case "uv":
		o.Toolchain = toolchain.Uv
	default:
		return nil, fmt.Errorf("Pulumi.yaml: unknown toolchain %v; known are pip, poetry and uv", v)
	}
	return toolchain.ResolveToolchain(o)
}

// orphaned is closed when the process that started this one is gone: a killed engine tells nobody.
func orphaned() <-chan struct{} {
	gone, parent := make(chan struct{}), os.Getppid()
	go func() {
		for os.Getppid() == parent {
			time.Sleep(patience)
		}
		close(gone)
	}()
	return gone
}

func main() {
	h := &host{stop: func() {}}
	if n := len(os.Args); n > 1 && !strings.HasPrefix(os.Args[n-1], "-") {
		h.engine = os.Args[n-1]
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	gone := orphaned()
	server, err := rpcutil.ServeWithOptions(rpcutil.ServeOptions{
		Init: func(s *grpc.Server) error { pulumirpc.RegisterLanguageRuntimeServer(s, h); return nil },
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(server.Port)
	select {
	case err = <-server.Done:
	case <-signals:
	case <-gone:
	}
	_, _ = h.Cancel(context.Background(), nil)
	h.running.Wait()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
